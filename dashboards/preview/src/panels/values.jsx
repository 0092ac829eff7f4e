// Panels whose core is a single value: stat, bargauge, gauge. Values, names and colours come from getFieldDisplayValues.
import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BarGauge, BigValue, VizRepeater } from '@grafana/ui';

function valuesOf({ data, fieldConfig, options, theme, replaceVariables, timeZone }, sparkline) {
  return getFieldDisplayValues({
    data, fieldConfig, theme, timeZone, replaceVariables, sparkline,
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false, ...options.reduceOptions },
    percentChange: options.showPercentChange,
  });
}

function sparklineOf(value, range) {
  return value.sparkline && { ...value.sparkline, timeRange: range, yMin: value.field.min, yMax: value.field.max };
}

export function Stat(props) {
  const { options, theme, width, height, range } = props;
  return (
    <VizRepeater
      getValues={() => valuesOf(props, options.graphMode !== 'none')}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, alignmentFactors, count }) => (
        <BigValue
          value={value.display} sparkline={sparklineOf(value, range)} theme={theme} width={width} height={height} count={count}
          colorMode={options.colorMode ?? 'value'} graphMode={options.graphMode ?? 'area'} justifyMode={options.justifyMode ?? 'auto'}
          textMode={options.textMode ?? 'auto'} wideLayout={options.wideLayout ?? true} text={options.text} alignmentFactors={alignmentFactors}
          percentChangeColorMode={options.percentChangeColorMode} disableSparkline={false}
        />
      )}
      width={width} height={height} source={props.data} itemSpacing={3} autoGrid orientation={options.orientation ?? 'auto'} renderCounter={0}
    />
  );
}

export function Bars(props) {
  const { options, theme, width, height } = props;
  const vertical = options.orientation === 'vertical' || (options.orientation !== 'horizontal' && width < height);
  const manual = options.sizing === 'manual';
  return (
    <VizRepeater
      getValues={() => valuesOf(props, false)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, orientation, alignmentFactors, count }) => (
        <BarGauge
          value={value.display} display={value.view?.getFieldDisplayProcessor?.(value.colIndex)} field={value.field} theme={theme} text={options.text}
          width={width} height={height} orientation={orientation} itemSpacing={10} lcdCellWidth={12} alignmentFactors={count > 1 ? alignmentFactors : undefined}
          displayMode={options.displayMode ?? 'gradient'} showUnfilled={options.showUnfilled ?? true} valueDisplayMode={options.valueMode ?? 'color'}
          namePlacement={options.namePlacement ?? 'auto'}
        />
      )}
      width={width} height={height} source={props.data} itemSpacing={10} orientation={options.orientation === 'auto' || !options.orientation ? (vertical ? 'vertical' : 'horizontal') : options.orientation}
      minVizWidth={manual ? options.minVizWidth : 8} minVizHeight={manual ? options.minVizHeight : 16} maxVizHeight={manual ? options.maxVizHeight : 300}
      renderCounter={0}
    />
  );
}
