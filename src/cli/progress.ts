import { stderr } from './print.ts';
export interface Progress {
  step<T>(title: string, run: () => Promise<T>): Promise<T>;
  detail(text: string): void;
  note(text: string): void;
}
export const createProgress = (o: { silent: boolean }): Progress => ({
  step: async (t, run) => {
    if (!o.silent) stderr.line(t);
    return run();
  },
  detail: () => {},
  note: (t) => {
    if (!o.silent) stderr.line(t);
  },
});
