import type { z } from 'zod';

/** One event type of the catalogue: its newest version, one sentence, and the shape of its data. */
export interface EventDefinition<Type extends string = string, Shape extends z.ZodType = z.ZodType> {
  type: Type;
  v: number;
  sentence: string;
  data: Shape;
}

export const event = <Type extends string, Shape extends z.ZodType>(
  type: Type,
  v: number,
  sentence: string,
  data: Shape,
): EventDefinition<Type, Shape> => ({ type, v, sentence, data });
