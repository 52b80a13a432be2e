import { BarChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { formatMoney } from '../format.ts';
import { grouped } from '../metrics-tables.ts';
import { sanitizeLine } from '../sanitize.ts';
import { truncate } from '../width.ts';
import type { Chart } from './document.ts';
import { PALETTE } from './palette.ts';

/** Takes a chart and its width in pixels, gives an `<svg>`. */
export type DrawChart = (chart: Chart, width: number) => string;

use([BarChart, GridComponent, SVGRenderer]);

const quiet = PALETTE.quiet.light;
const line = PALETTE.line.light;
const FONT = 12;
/** Characters of a name beside a bar. */
const NAME = { broad: 32, narrow: 14 };

const unitText =
  (unit: Chart['unit']) =>
  (value: number): string => {
    if (unit === 'count') return grouped(value);
    if (value > 0 && value < 0.01) return `$${Number(value.toPrecision(2))}`;
    return value >= 100 ? `$${grouped(Math.round(value))}` : formatMoney(value);
  };

/** Text and the round shape of numbers only; nothing that moves or can be pointed at. */
const optionOf = ({ kind, unit, labels, series }: Chart, width: number) => {
  const isTime = kind === 'time';
  const most = width < 500 ? NAME.narrow : NAME.broad;
  const names = labels.map((label) => (isTime ? label.slice(5) : truncate(sanitizeLine(label), most)));
  const style = { color: quiet, fontSize: FONT, fontFamily: 'sans-serif' };
  const category = {
    type: 'category' as const,
    data: names,
    inverse: !isTime,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: line } },
    axisLabel: { ...style, hideOverlap: true, interval: isTime ? ('auto' as const) : 0 },
  };
  const value = {
    type: 'value' as const,
    minInterval: unit === 'count' ? 1 : 0,
    splitNumber: width < 500 ? 2 : 4,
    axisLine: { show: false },
    splitLine: { lineStyle: { color: line } },
    axisLabel: { ...style, hideOverlap: true, formatter: unitText(unit) },
  };
  return {
    animation: false,
    grid: {
      left: 4,
      right: 24,
      top: 8,
      bottom: 4,
      outerBoundsMode: 'same' as const,
      outerBounds: { left: 4, right: 24, top: 8, bottom: 4 },
    },
    xAxis: isTime ? category : value,
    yAxis: isTime ? value : category,
    series: series.map(({ name, color, values }) => ({
      type: 'bar' as const,
      name,
      stack: 'all',
      silent: true,
      data: values,
      barMaxWidth: isTime ? 28 : 16,
      itemStyle: { color: PALETTE[color].light },
    })),
  };
};

/** What ECharts writes for its own scripts. */
const OWN = /<style[\s\S]*?<\/style>| (ecmeta_\w+|class|pointer-events|xmlns:xlink|baseProfile)="[^"]*"/g;

/** Texts are escaped by ECharts, so nothing in them looks like what is taken out. */
export const drawChart: DrawChart = (chart, width) => {
  const height = chart.kind === 'time' ? 220 : 30 + 26 * chart.labels.length;
  const drawn = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawn.setOption(optionOf(chart, width));
    return drawn.renderToSVGString().replace(OWN, '').replace('<svg ', '<svg aria-hidden="true" ');
  } finally {
    drawn.dispose();
  }
};
