import type { TranscriptLine } from '../../store/log-store.ts';
import { Outputs } from './outputs.ts';
import { asInteger, asText, asTime, asWhole } from './read.ts';
import type { Column, Row, Table } from './table.ts';

const column = (name: string, type: Column['type'], says: string): Column => ({ name, type, says });

/** Not made of events, and made only when somebody asks for it: it may be many times as large as all the rest. */
export const transcripts: Table = {
  name: 'transcripts',
  says: 'One line that an agent’s program wrote, as it is in the transcript; it is in no event.',
  columns: [
    column('repo', 'VARCHAR', 'Folder of the repository that has the log.'),
    column('session', 'VARCHAR', 'Id of the session.'),
    column('writer', 'VARCHAR', 'Clone that wrote it down.'),
    column('iteration', 'INTEGER', 'Iteration in which it was written.'),
    column('n', 'BIGINT', 'Number of the line within the iteration, from 1.'),
    column('at', 'TIMESTAMPTZ', 'When it was written.'),
    column('stream', 'VARCHAR', 'stdout or stderr.'),
    column('text', 'VARCHAR', 'The line; NULL where its bytes are no UTF-8.'),
    column('base64', 'VARCHAR', 'Its bytes in base64, where they are no UTF-8.'),
    column('goes_on', 'BOOLEAN', 'It was too long for one line of the transcript: the next row goes on with it.'),
    column('tool_call_id', 'VARCHAR', "The agent's own name of the call that `output` is the answer to."),
    column(
      'output',
      'VARCHAR',
      'What a tool answered, taken out of the line; where a program writes no messages, its next 200 lines together. NULL for all other lines.',
    ),
  ],
  order: ['repo', 'session', 'writer', 'iteration', 'n'],
};

/** Rows of lines that one writer wrote, in their order. */
export const transcriptRows = (place: { session: string; writer: string }, lines: readonly TranscriptLine[]): Row[] => {
  const outputs = Outputs.of(lines);
  return lines.map((line) => {
    const output = outputs.get(line);
    return {
      repo: null,
      session: place.session,
      writer: place.writer,
      iteration: asInteger(line.iteration),
      n: asWhole(line.n),
      at: asTime(line.at),
      stream: asText(line.stream),
      text: asText(line.line),
      base64: asText(line.bytes),
      goes_on: line.more === true,
      tool_call_id: output?.toolCallId ?? null,
      output: asText(output?.text),
    };
  });
};
