// The table, whole, by Grafana's component.
import { FieldType } from '@grafana/data';
import { TableNG } from '@grafana/ui/unstable';

export function Table({ data, options, fieldConfig, width, height, range }) {
  // the panel plugin hides a column by an option of its own, besides overrides
  const frame = data[0];
  const footer = options.footer?.show ? footerOf(frame, options.footer) : undefined;
  return (
    <TableNG
      data={frame} width={width} height={height} noHeader={options.showHeader === false} cellHeight={options.cellHeight ?? 'sm'} resizable
      sortBy={options.sortBy} fieldConfig={fieldConfig} timeRange={range} frozenColumns={options.frozenColumns?.left} footerValues={footer}
      enablePagination={options.enablePagination ?? options.footer?.enablePagination} noValue={fieldConfig.defaults.noValue} enableVirtualization
      structureRev={1}
    />
  );
}

function footerOf(frame, footer) {
  return frame.fields.map((f) => {
    if (f.type !== FieldType.number || (footer.fields?.length && !footer.fields.includes(f.name))) {
      return undefined;
    }
    const sum = f.values.reduce((a, b) => a + (b ?? 0), 0);
    return f.display ? [f.display(sum)].map((d) => (d.prefix ?? '') + d.text + (d.suffix ?? ''))[0] : String(sum);
  });
}
