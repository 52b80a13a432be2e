/** One finding of `doctor`, `verify-amp` or `test-git`. */
export interface Check {
  name: string;
  /** `warning` works, but less well than it could; `failed` does not work. */
  status: 'ok' | 'warning' | 'failed' | 'skipped';
  detail: string;
  /** What to do about it. */
  hint?: string;
  /** True when `doctor --fix` can mend it. */
  fixable?: boolean;
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });
export const warning = (name: string, detail: string, hint: string, fixable = false): Check => ({
  name,
  status: 'warning',
  detail,
  hint,
  ...(fixable && { fixable }),
});
export const failed = (name: string, detail: string, hint: string, fixable = false): Check => ({
  name,
  status: 'failed',
  detail,
  hint,
  ...(fixable && { fixable }),
});
export const skipped = (name: string, detail: string): Check => ({ name, status: 'skipped', detail });

/** Runs a check; one that throws has failed with the error's own words. */
export const attempt = async (name: string, hint: string, work: () => Promise<Check>): Promise<Check> => {
  try {
    return await work();
  } catch (error) {
    const own = (error as { hint?: string }).hint;
    return failed(name, (error as Error).message, own ?? hint);
  }
};
