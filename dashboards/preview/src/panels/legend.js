export function legendOf(options) {
  return { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [], ...options.legend };
}
