// The time series, by the component that Grafana's own panel was made of.
import { TimeSeries } from '@grafana/ui';

import { legendOf } from './legend.js';

export function Series({ data, options, width, height, range, timeZone }) {
  return (
    <TimeSeries frames={data} structureRev={1} timeRange={range} timeZone={timeZone} width={width} height={height} legend={legendOf(options)} options={options} />
  );
}
