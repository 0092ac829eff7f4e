// The page: one dashboard as Grafana lays it out, drawn when everything it needs is there. The data stands in window.preview.
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import '@fontsource/inter/latin-ext-400.css';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import {
  createTheme, DashboardCursorSync, dateTime, EventBusSrv, standardTransformers, standardTransformersRegistry, ThemeContext, toDataFrame, transformDataFrame,
} from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { setTemplateSrv } from '@grafana/runtime';
import { GlobalStyles, PanelChrome, PanelContextProvider } from '@grafana/ui';
import { lastValueFrom } from 'rxjs';

import { Head } from './head.jsx';
import { applyConfig, initRegistry, unknownUnits } from './fields.js';
import { inspect, undrawn } from './checks.js';
import { BarChart } from './panels/barchart.jsx';
import { Pie } from './panels/piechart.jsx';
import { Table } from './panels/table.jsx';
import { TextPanel } from './panels/text.jsx';
import { Series } from './panels/timeseries.jsx';
import { Bars, Stat } from './panels/values.jsx';
import { replacer } from './variables.js';

const kinds = { stat: Stat, bargauge: Bars, table: Table, timeseries: Series, barchart: BarChart, piechart: Pie, text: TextPanel };

// Grafana's grid: 24 columns, rows of 30 pixels, 8 between.
const margin = 16;
const gap = 8;
const row = 30;

const { dashboard, results, marks = {}, values, range, theme: mode } = window.preview;
const theme = createTheme({ colors: { mode } });
const timeZone = dashboard.timezone && dashboard.timezone !== 'browser' ? dashboard.timezone : 'utc';
const replaceVariables = replacer(values, range);
const timeRange = { from: dateTime(range.from), to: dateTime(range.to), raw: range };

const width = document.documentElement.clientWidth - 2 * margin;
const column = (width - 23 * gap) / 24;
const place = ({ x, y, w, h }) => ({
  position: 'absolute', left: margin + x * (column + gap), top: y * (row + gap), width: w * column + (w - 1) * gap, height: h * row + (h - 1) * gap,
});

// lines are the annotations: when, and in which colour.
const lines = (dashboard.annotations?.list ?? []).flatMap((a) => {
  const times = marks[a.name]?.fields.find((f) => f.name === 'time');
  return (times?.values ?? []).map((time) => ({ time, color: theme.visualization.getColorByName(a.iconColor) }));
});

// dataOf makes a panel's frames: the query's, transformed, with units, colours and names.
async function dataOf(panel) {
  const raw = (results[panel.id] ?? []).map((f) => toDataFrame({ ...f, fields: f.fields.map((x) => ({ ...x, config: {} })) }));
  const transformed = panel.transformations?.length ? await lastValueFrom(transformDataFrame(panel.transformations, raw, { interpolate: replaceVariables })) : raw;
  return { ...applyConfig(panel, transformed, { theme, replaceVariables, timeZone }), empty: transformed.every((f) => f.length === 0) };
}

function Body({ panel, prepared, width, height }) {
  const Kind = kinds[panel.type];
  if (!Kind) {
    return <div className="preview-error">Panels of kind {panel.type} are not drawn here</div>;
  }
  const { data, fieldConfig, empty } = prepared;
  const single = panel.type === 'stat' || panel.type === 'bargauge';
  if (empty && !single && panel.type !== 'text') {
    return <div className="preview-empty">{fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  return (
    <Kind
      data={data} fieldConfig={fieldConfig} options={panel.options ?? {}} theme={theme} width={width} height={height} range={timeRange} timeZone={timeZone}
      replaceVariables={replaceVariables} marks={lines}
    />
  );
}

const context = { eventsScope: 'global', eventBus: new EventBusSrv(), sync: () => DashboardCursorSync.Off, app: 'dashboard' };

function Panel({ panel, prepared }) {
  const box = place(panel.gridPos);
  const title = replaceVariables(panel.title ?? '', {}, 'text');
  if (panel.type === 'row') {
    return <div className="preview-row" style={box} data-panel={title} data-kind="row">⌄ {title}</div>;
  }
  return (
    <div style={box} data-panel={title} data-kind={panel.type} data-empty={String(prepared.empty && panel.type !== 'text')}>
      <PanelContextProvider value={context}>
        <PanelChrome
          title={title} description={panel.description ? () => panel.description : undefined} width={box.width} height={box.height}
          displayMode={panel.transparent ? 'transparent' : 'default'} hoverHeader={!title}
        >
          {(w, h) => <div className="preview-body" style={{ width: w, height: h }}><Body panel={panel} prepared={prepared} width={w} height={h} /></div>}
        </PanelChrome>
      </PanelContextProvider>
    </div>
  );
}

const panels = dashboard.panels.flatMap((p) => [p, ...(p.collapsed ? [] : p.panels ?? [])]);
const bottom = Math.max(...panels.map((p) => p.gridPos.y + p.gridPos.h)) * (row + gap) + margin;

function Page({ prepared }) {
  const [drawn, setDrawn] = useState(false);
  useEffect(() => setDrawn(true), []);
  useEffect(() => {
    if (drawn) {
      settle().then(() => { window.inspected = inspect(panels, prepared, unknownUnits); });
    }
  }, [drawn, prepared]);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ background: theme.colors.background.canvas, color: theme.colors.text.primary, minHeight: '100vh' }}>
        <Head dashboard={dashboard} values={values} range={range} theme={theme} replaceVariables={replaceVariables} />
        <div style={{ position: 'relative', height: bottom }}>
          {panels.map((p) => <Panel key={p.id ?? p.title} panel={p} prepared={prepared[p.id]} />)}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

// settle waits for fonts, for tables (which are loaded when one is first drawn) and for the charts, which draw in animation frames, to stand still.
async function settle() {
  await document.fonts.ready;
  let before;
  for (let frame = 0, same = 0; same < 10 && frame < 1200; frame++) {
    await new Promise(requestAnimationFrame);
    const now = document.body.innerHTML.length;
    same = now === before && undrawn().length === 0 ? same + 1 : 0;
    before = now;
  }
}

async function start() {
  await Promise.all(['400 14px Inter', '500 14px Inter'].map((font) => document.fonts.load(font, 'Aä'))); // charts measure text before they draw
  await initPluginTranslations('grafana-ui');
  setTemplateSrv({ replace: replaceVariables, getVariables: () => [], containsTemplate: () => false, updateTimeRange: () => {} });
  initRegistry();
  standardTransformersRegistry.setInit(() => Object.values(standardTransformers).map((t) => ({ ...t, transformation: () => Promise.resolve(t), editor: () => null })));
  const prepared = {};
  for (const p of panels) {
    prepared[p.id] = await dataOf(p);
  }
  createRoot(document.getElementById('root')).render(<Page prepared={prepared} />);
}

start().catch((error) => { window.failed = error.stack; });
