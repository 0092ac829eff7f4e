// The pie: Grafana publishes no component of it. Slices, colours and names are computed by Grafana's field config, the rings are drawn here.
import { formattedValueToString, getFieldDisplayValues } from '@grafana/data';
import { VizLayout, VizLegend } from '@grafana/ui';

import { legendOf } from './legend.js';

export function Pie({ data, options, fieldConfig, theme, width, height, replaceVariables, timeZone }) {
  const values = getFieldDisplayValues({
    data, fieldConfig, theme, timeZone, replaceVariables, reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false, ...options.reduceOptions },
  }).filter((v) => !v.field.custom?.hideFrom?.viz && v.display.numeric > 0);
  const total = values.reduce((sum, v) => sum + v.display.numeric, 0);
  const legend = legendOf(options);
  const share = (v) => ({ text: ((v.display.numeric / total) * 100).toFixed(0) + '%', numeric: v.display.numeric / total, title: 'Percent' });
  const shown = options.legend?.values ?? [];
  const items = values.map((v) => ({
    label: v.display.title, color: v.display.color, yAxis: 1, getItemKey: () => v.display.title,
    getDisplayValues: () => [...(shown.includes('value') ? [{ ...v.display, title: 'Value' }] : []), ...(shown.includes('percent') ? [share(v)] : [])],
  }));
  return (
    <VizLayout width={width} height={height} legend={legend.showLegend ? <VizLayout.Legend {...legend}><VizLegend items={items} {...legend} /></VizLayout.Legend> : null}>
      {(w, h) => <Rings values={values} total={total} options={options} theme={theme} size={Math.min(w, h)} width={w} height={h} />}
    </VizLayout>
  );
}

function Rings({ values, total, options, theme, size, width, height }) {
  const radius = size / 2 - 8;
  const hole = options.pieType === 'donut' ? radius / 1.5 : 0;
  let angle = -Math.PI / 2;
  const point = (a, r) => `${width / 2 + r * Math.cos(a)},${height / 2 + r * Math.sin(a)}`;
  return (
    <svg width={width} height={height}>
      {values.map((v) => {
        const from = angle;
        const to = (angle += (v.display.numeric / total) * 2 * Math.PI * 0.99999);
        const large = to - from > Math.PI ? 1 : 0;
        const at = (from + to) / 2;
        const texts = (options.displayLabels ?? []).map((l) => (l === 'percent' ? ((v.display.numeric / total) * 100).toFixed(0) + '%' : l === 'name' ? v.display.title : formattedValueToString(v.display)));
        return (
          <g key={v.display.title}>
            <path d={`M${point(from, radius)}A${radius},${radius} 0 ${large} 1 ${point(to, radius)}L${point(to, hole)}A${hole},${hole} 0 ${large} 0 ${point(from, hole)}Z`} fill={v.display.color} stroke={theme.colors.background.primary} />
            {to - from > 0.3 && <text x={width / 2 + ((radius + hole) / 2) * Math.cos(at)} y={height / 2 + ((radius + hole) / 2) * Math.sin(at)} fontSize="12" textAnchor="middle" fill={theme.colors.getContrastText(v.display.color)}>{texts.join(' ')}</text>}
          </g>
        );
      })}
    </svg>
  );
}
