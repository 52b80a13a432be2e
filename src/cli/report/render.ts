import { composeReport } from './compose.ts';
import type { Asked, Facts } from './facts.ts';
import { reportHtml } from './html.ts';
import { reportMarkdown } from './markdown.ts';

/** A report as text. ECharts is loaded for HTML only: it costs 60 ms. */
export const renderReport = async (format: 'markdown' | 'html', facts: Facts, asked: Asked): Promise<string> => {
  const document = composeReport(facts, asked);
  if (format === 'markdown') return reportMarkdown(document);
  const { drawChart } = await import('./charts.ts');
  return reportHtml(document, drawChart);
};
