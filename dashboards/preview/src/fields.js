// Field config as Grafana applies it: the registry of standard options, the defaults of each kind of panel, overrides.
import {
  applyFieldOverrides, booleanOverrideProcessor, dataLinksOverrideProcessor, displayNameOverrideProcessor, FieldColorModeId,
  getValueFormatterIndex, identityOverrideProcessor, numberOverrideProcessor, standardFieldConfigEditorRegistry,
  stringOverrideProcessor, thresholdsOverrideProcessor, ThresholdsMode, unitOverrideProcessor, valueMappingsOverrideProcessor,
} from '@grafana/data';

const entry = (id, process, extra = {}) => ({ id, path: id, name: id, process, shouldApply: () => true, settings: {}, ...extra });

// What a field has when neither the panel nor its kind says otherwise.
const greenRed = { mode: ThresholdsMode.Absolute, steps: [{ value: -Infinity, color: 'green' }, { value: 80, color: 'red' }] };

const standard = () => [
  entry('unit', unitOverrideProcessor), entry('min', numberOverrideProcessor), entry('max', numberOverrideProcessor),
  entry('decimals', numberOverrideProcessor), entry('displayName', displayNameOverrideProcessor, { settings: { expandTemplateVars: true } }),
  entry('noValue', stringOverrideProcessor), entry('color', identityOverrideProcessor), entry('thresholds', thresholdsOverrideProcessor),
  entry('mappings', valueMappingsOverrideProcessor), entry('links', dataLinksOverrideProcessor), entry('filterable', booleanOverrideProcessor),
  entry('fieldMinMax', booleanOverrideProcessor), entry('description', stringOverrideProcessor),
];

export function initRegistry() {
  standardFieldConfigEditorRegistry.setInit(standard);
}

const bySeries = new Set(['timeseries', 'barchart', 'piechart', 'trend', 'histogram']);

const hideFrom = { legend: false, tooltip: false, viz: false };
const customDefaults = {
  timeseries: {
    drawStyle: 'line', lineInterpolation: 'linear', barAlignment: 0, barWidthFactor: 0.6, lineWidth: 1, fillOpacity: 0, gradientMode: 'none',
    spanNulls: false, insertNulls: false, showPoints: 'auto', pointSize: 5, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text',
    axisBorderShow: false, axisCenteredZero: false, scaleDistribution: { type: 'linear' }, stacking: { mode: 'none', group: 'A' },
    thresholdsStyle: { mode: 'off' }, hideFrom,
  },
  barchart: {
    lineWidth: 1, fillOpacity: 80, gradientMode: 'none', axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text', axisBorderShow: false,
    axisCenteredZero: false, scaleDistribution: { type: 'linear' }, thresholdsStyle: { mode: 'off' }, hideFrom,
  },
  piechart: { hideFrom },
  table: { align: 'auto', inspect: false, cellOptions: { type: 'auto' } },
};

// withDefaults is the panel's field config with what its kind and Grafana add.
function withDefaults(panel) {
  const config = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  const given = config.defaults ?? {};
  const mode = bySeries.has(panel.type) ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds;
  const defaults = {
    color: { mode }, thresholds: greenRed, mappings: [], ...given,
    custom: { ...(customDefaults[panel.type] ?? {}), ...(given.custom ?? {}) },
  };
  defaults.thresholds = {
    ...defaults.thresholds,
    steps: (defaults.thresholds.steps ?? []).map((s) => ({ ...s, value: s.value ?? -Infinity })),
  };
  return { defaults, overrides: (config.overrides ?? []).map(migrated) };
}

// migrated does what the table of Grafana 12.2 and later does to what older ones call hidden.
function migrated(override) {
  return { ...override, properties: override.properties.map((p) => (p.id === 'custom.hidden' ? { ...p, id: 'custom.hideFrom.viz' } : p)) };
}

// registryFor is the registry with the panel's own options, which stand below `custom`.
function registryFor(config) {
  const ids = new Set(Object.keys(config.defaults.custom ?? {}));
  for (const o of config.overrides) {
    for (const p of o.properties) {
      if (p.id.startsWith('custom.')) {
        ids.add(p.id.slice('custom.'.length));
      }
    }
  }
  for (const id of ids) {
    const full = 'custom.' + id;
    if (!standardFieldConfigEditorRegistry.getIfExists(full)) {
      standardFieldConfigEditorRegistry.register({ ...entry(full, identityOverrideProcessor), path: id, isCustom: true });
    }
  }
  return standardFieldConfigEditorRegistry;
}

export function applyConfig(panel, frames, { theme, replaceVariables, timeZone }) {
  const fieldConfig = withDefaults(panel);
  const data = applyFieldOverrides({
    data: frames, fieldConfig, replaceVariables, theme, timeZone, fieldConfigRegistry: registryFor(fieldConfig),
  });
  return { data, fieldConfig };
}

// What may stand before a colon in a unit that somebody made up on purpose.
const made = new Set(['prefix', 'suffix', 'time', 'si', 'count', 'currency', 'bool']);

export function unknownUnits(panel) {
  const units = [panel.fieldConfig?.defaults?.unit];
  for (const o of panel.fieldConfig?.overrides ?? []) {
    units.push(...o.properties.filter((p) => p.id === 'unit').map((p) => p.value));
  }
  return units.filter((u) => u && !getValueFormatterIndex()[u] && !made.has(u.split(':')[0]));
}
