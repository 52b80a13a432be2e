import { readFileSync } from 'node:fs';
import { type OfficialReport, readReport } from '../../bench/official-report.ts';
import { AppError } from '../../errors.ts';

const invalid = (file: string, says: string): AppError =>
  new AppError('report.invalid', `${file} ${says}.`, {
    hint: 'Take the file that `swebench eval` names at its end: <model>.<run>.json.',
  });

/** A report of the official harness. @throws AppError file.missing, report.invalid */
export const readOfficialReport = (file: string): OfficialReport => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new AppError('file.missing', `${file} cannot be read (${code}).`, { hint: 'Look at its name.' });
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw invalid(file, 'is no JSON');
  }
  const report = readReport(value);
  if (!report) throw invalid(file, 'is no report of the official harness');
  return report;
};
