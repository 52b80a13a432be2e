import { sessionLog } from '../events/envelope.ts';
import { isPayloadReference, type LongText } from '../events/long-text.ts';
import type { Context } from './context.ts';

/** The whole of a text that an event holds or points to. */
export const fullText = async (ctx: Context, session: string, text: LongText): Promise<string> =>
  isPayloadReference(text)
    ? (await ctx.store.payload(sessionLog(session), text.payload.sha256)).toString('utf8')
    : text;
