// The bar chart. Grafana publishes no component of it, so this draws it with the parts that the core panel is made of: UPlotChart, the
// config builder with its scales, axes and series, stacking as preparePlotData2 does it, PlotLegend, and the panel's own options.
import { useMemo } from 'react';
import { FieldType, formattedValueToString, getDisplayProcessor, getFieldColorModeForField, getFieldSeriesColor } from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleDistribution, ScaleOrientation, StackingMode } from '@grafana/schema';
import { measureText, PlotLegend, UPLOT_AXIS_FONT_SIZE, UPlotChart, UPlotConfigBuilder, VizLayout } from '@grafana/ui';
import uPlot from 'uplot';

import { getStackingGroups, preparePlotData2 } from '../../node_modules/@grafana/ui/dist/esm/components/uPlot/utils.mjs';
import { spread } from './distribute.js';
import { legendOf } from './legend.js';

// chartFrame has the column below the bars first, then the numbers; null when there is nothing to draw.
function chartFrame(frame, options, theme) {
  const x = frame.fields.find((f) => f.name === options.xField || f.state?.displayName === options.xField) ??
    frame.fields.find((f) => f.type === FieldType.string) ?? frame.fields.find((f) => f.type === FieldType.time);
  const numbers = frame.fields.filter((f) => f !== x && f.type === FieldType.number && !f.config.custom?.hideFrom?.viz);
  if (!x || numbers.length === 0) {
    return null;
  }
  const stacking = options.stacking ?? StackingMode.None;
  const fields = numbers.map((f, i) => {
    const copy = { ...f, state: { ...f.state, seriesIndex: i }, config: { ...f.config, custom: { ...f.config.custom, stacking: { group: '_', mode: stacking } } } };
    if (stacking === StackingMode.Percent) {
      copy.config.unit = 'percentunit';
      copy.display = getDisplayProcessor({ field: copy, theme });
    }
    return copy;
  });
  return { ...frame, fields: [x, ...fields] };
}

function shorten(text, length) {
  return length && text.length > length ? text.slice(0, length).trimEnd() + '…' : text;
}

function build(frame, options, theme, width, height) {
  const upright = options.orientation === 'vertical' || (options.orientation !== 'horizontal' && width >= height);
  const stacked = (options.stacking ?? StackingMode.None) !== StackingMode.None;
  const [xField, ...series] = frame.fields;
  const groups = frame.length;
  let groupWidth = options.groupWidth ?? 0.7;
  let barWidth = options.barWidth ?? 0.97;
  if (series.length === 1) {
    [groupWidth, barWidth] = [barWidth, 1];
  } else if (stacked) {
    [groupWidth, barWidth] = [barWidth, groupWidth];
  }
  // place of each bar: [series][group] as parts of the plot
  const inGroup = stacked ? [{ offset: 0, size: 1 }] : spread(series.length, barWidth);
  const bars = series.map((_, s) => {
    const at = inGroup[stacked ? 0 : s];
    const all = spread(groups, groupWidth);
    return { offs: all.map((g) => g.offset + g.size * at.offset), size: all.map((g) => g.size * at.size) };
  });
  const first = spread(groups, groupWidth)[0];
  const middle = first.offset + first.size / 2;
  const builder = new UPlotConfigBuilder();
  const drawn = [];
  const path = uPlot.paths.bars({
    radius: options.barRadius ?? 0,
    disp: { x0: { unit: 2, values: (u, s) => bars[s - 1].offs }, size: { unit: 2, values: (u, s) => bars[s - 1].size } },
    each: (u, s, d, x, y, w, h) => drawn.push({ s, d, x, y, w, h }),
  });
  builder.setCursor({ show: false });
  builder.addHook('drawClear', (u) => {
    drawn.length = 0;
    u.series.forEach((s) => { s._paths = null; });
  });
  builder.addHook('draw', (u) => label(u, drawn, frame, options, theme, upright));
  builder.addScale({
    scaleKey: 'x', isTime: false, distribution: ScaleDistribution.Ordinal,
    orientation: upright ? ScaleOrientation.Horizontal : ScaleOrientation.Vertical, direction: upright ? ScaleDirection.Right : ScaleDirection.Down,
    range: () => {
      const last = groups - 1;
      const margin = last === 0 ? 0.5 : ((last / (1 - middle * 2)) - last) / 2;
      return [-margin, last + margin];
    },
  });
  const texts = xField.values.map((v) => shorten(formattedValueToString(xField.display(v)), options.xTickLabelMaxLength));
  const longest = Math.max(...texts.map((t) => measureText(t, UPLOT_AXIS_FONT_SIZE).width));
  builder.addAxis({
    scaleKey: 'x', isTime: false, placement: upright ? AxisPlacement.Bottom : AxisPlacement.Left, grid: { show: false }, ticks: { show: false }, gap: 15, theme,
    splits: (u) => visible(u, groups, upright, options.xTickLabelSpacing ?? 0, longest), values: (u, at) => at.map((i) => texts[i]),
    tickLabelRotation: upright ? -(options.xTickLabelRotation ?? 0) : 0,
    size: upright ? undefined : Math.min(longest + 30, width / 2), show: xField.config.custom?.axisPlacement !== AxisPlacement.Hidden,
  });
  for (const field of series) {
    const custom = field.config.custom ?? {};
    const scaleKey = field.config.unit || '__fixed';
    builder.addSeries({
      facets: null, scaleKey, pxAlign: true, lineWidth: custom.lineWidth ?? 1, lineColor: getFieldSeriesColor(field, theme).color, fillOpacity: custom.fillOpacity ?? 80,
      theme, colorMode: getFieldColorModeForField(field), pathBuilder: path, show: true, gradientMode: custom.gradientMode, thresholds: field.config.thresholds,
      hardMin: field.config.min, hardMax: field.config.max, softMin: custom.axisSoftMin ?? 0, softMax: custom.axisSoftMax,
      dataFrameFieldIndex: { fieldIndex: frame.fields.indexOf(field), frameIndex: 0 },
    });
    builder.addScale({
      scaleKey, min: field.config.min, max: field.config.max, softMin: custom.axisSoftMin ?? 0, softMax: custom.axisSoftMax, centeredZero: custom.axisCenteredZero,
      orientation: upright ? ScaleOrientation.Vertical : ScaleOrientation.Horizontal, direction: upright ? ScaleDirection.Up : ScaleDirection.Right,
      decimals: field.config.decimals,
    });
    if (custom.axisPlacement !== AxisPlacement.Hidden) {
      const right = custom.axisPlacement === AxisPlacement.Right;
      builder.addAxis({
        scaleKey, theme, label: custom.axisLabel || undefined, size: custom.axisWidth, grid: { show: custom.axisGridShow },
        placement: upright ? (right ? AxisPlacement.Right : AxisPlacement.Left) : right ? AxisPlacement.Top : AxisPlacement.Bottom,
        formatValue: (v, decimals) => formattedValueToString(field.display(v, decimals)), decimals: field.config.decimals,
      });
    }
  }
  const stacks = stacked ? getStackingGroups(frame) : [];
  builder.setStackingGroups(stacks);
  builder.setPrepData(([f]) => {
    const data = preparePlotData2(f, stacks);
    data[0] = Array.from({ length: groups }, (_, i) => i);
    return data;
  });
  return builder;
}

// visible are the categories that have room for their names.
function visible(u, groups, upright, spacing, longest) {
  const all = Array.from({ length: groups }, (_, i) => i);
  const room = (upright ? u.bbox.width : u.bbox.height) / devicePixelRatio / groups;
  const wanted = upright ? Math.abs(spacing) : spacing ? UPLOT_AXIS_FONT_SIZE : 0;
  const every = wanted > room ? Math.ceil(wanted / room) : 1;
  const shown = all.filter((i) => (spacing < 0 ? (groups - 1 - i) % every === 0 : i % every === 0));
  u.root.dataset.crowded = String(upright && longest > room * every && shown.length > 1);
  return shown;
}

// label writes the values at the bars.
function label(u, drawn, frame, options, theme, upright) {
  const show = options.showValue ?? 'auto';
  if (show === 'never' || drawn.length === 0) {
    return;
  }
  const texts = drawn.map((r) => formattedValueToString(frame.fields[r.s].display(frame.fields[r.s].values[r.d])));
  const room = Math.min(...drawn.map((r) => (upright ? r.w : r.h)));
  let size = options.text?.valueSize ?? 30;
  for (const text of texts) {
    const wide = measureText(text, 10).width / 10;
    size = Math.min(size, upright ? (room * 0.9) / wide : room * 0.65, 30);
  }
  size = Math.round(size);
  if (size < 8 && show !== 'always') {
    return;
  }
  u.ctx.save();
  u.ctx.fillStyle = theme.colors.text.primary;
  u.ctx.font = `${size}px ${theme.typography.fontFamily}`;
  u.ctx.textAlign = upright ? 'center' : 'left';
  u.ctx.textBaseline = upright ? 'alphabetic' : 'middle';
  drawn.forEach((r, i) => {
    if (frame.fields[r.s].values[r.d] != null) {
      u.ctx.fillText(texts[i], upright ? r.x + r.w / 2 : r.x + r.w + 6, upright ? r.y - 5 : r.y + r.h / 2);
    }
  });
  u.ctx.restore();
}

export function BarChart({ data, options, theme, width, height, range }) {
  const frame = useMemo(() => chartFrame(data[0], options, theme), [data, options, theme]);
  if (!frame) {
    return <div className="preview-error">Bar charts need a text column and a number</div>;
  }
  const legend = legendOf(options);
  const inner = (w, h) => <Plot frame={frame} options={options} theme={theme} width={w} height={h} range={range} />;
  return (
    <VizLayout width={width} height={height} legend={legend.showLegend ? <PlotLegend data={[frame]} config={build(frame, options, theme, width, height)} {...legend} /> : null}>
      {inner}
    </VizLayout>
  );
}

function Plot({ frame, options, theme, width, height, range }) {
  const config = useMemo(() => build(frame, options, theme, width, height), [frame, options, theme, width, height]);
  const data = useMemo(() => config.prepData([frame], config.getStackingGroups()), [config, frame]);
  return <UPlotChart data={data} config={config} width={width} height={height} timeRange={range} />;
}
