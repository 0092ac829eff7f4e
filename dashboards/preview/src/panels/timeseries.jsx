// The time series, by the component that Grafana's own panel was made of, and annotations as lines over it.
import { TimeSeries } from '@grafana/ui';

import { legendOf } from './legend.js';

export function Series({ data, options, width, height, range, timeZone, marks }) {
  return (
    <TimeSeries frames={data} structureRev={1} timeRange={range} timeZone={timeZone} width={width} height={height} legend={legendOf(options)} options={options}>
      {(config) => {
        config.addHook('draw', (u) => marks.forEach((mark) => line(u, mark)));
        return null;
      }}
    </TimeSeries>
  );
}

function line(u, { time, color }) {
  const x = u.valToPos(time, 'x', true);
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) {
    return;
  }
  const bottom = u.bbox.top + u.bbox.height;
  u.ctx.save();
  u.ctx.strokeStyle = u.ctx.fillStyle = color;
  u.ctx.setLineDash([5, 5]);
  u.ctx.lineWidth = 2;
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, bottom);
  u.ctx.stroke();
  u.ctx.beginPath(); // the handle that shows the text
  u.ctx.moveTo(x - 4, bottom + 5);
  u.ctx.lineTo(x + 4, bottom + 5);
  u.ctx.lineTo(x, bottom);
  u.ctx.fill();
  u.ctx.restore();
}
