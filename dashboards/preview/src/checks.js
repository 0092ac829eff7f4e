// What must not be seen on a drawn page. Each problem names its panel.
import { FieldType } from '@grafana/data';

const rawKinds = new Set(['stat', 'bargauge', 'gauge', 'timeseries', 'barchart', 'piechart', 'table']);

export function inspect(panels, prepared, unknownUnits) {
  const problems = [];
  const boxes = [...document.querySelectorAll('[data-panel]')];
  const tell = (title, text) => problems.push(`${title}: ${text}`);
  panels.forEach((p, i) => {
    const box = boxes[i];
    const title = box.dataset.panel;
    if (p.type === 'row') {
      return;
    }
    if (box.dataset.empty === 'true') {
      tell(title, 'EMPTY');
    }
    for (const e of box.querySelectorAll('.preview-error')) {
      tell(title, e.textContent);
    }
    for (const unit of unknownUnits(p)) {
      tell(title, `the unit ${unit} is none of Grafana's`);
    }
    for (const name of rawNumbers(p, prepared[p.id].data)) {
      tell(title, `${name} shows numbers without a unit`);
    }
    if (undrawn().includes(box)) {
      tell(title, 'the table is not drawn');
    }
    overflow(p, box).forEach((text) => tell(title, text));
  });
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    problems.push('the page is wider than the window');
  }
  return problems;
}

// undrawn are the tables that have data and no cell yet.
export function undrawn() {
  return [...document.querySelectorAll('[data-kind=table][data-empty=false]')].filter((box) => !box.querySelector('[role=gridcell]'));
}

// rawNumbers are the number columns with neither a unit nor names for their values, which a reader could take for anything.
function rawNumbers(panel, frames) {
  if (!rawKinds.has(panel.type)) {
    return [];
  }
  const out = [];
  for (const frame of frames) {
    for (const f of frame.fields) {
      const hidden = f.config.custom?.hideFrom?.viz;
      if (f.type === FieldType.number && !hidden && !f.config.unit && !f.config.mappings?.length && f.values.some((v) => v != null) && f.name !== panel.options?.xField) {
        out.push(f.state?.displayName ?? f.name);
      }
    }
  }
  return out;
}

// overflow finds what does not fit into the panel's box: text cut off, charts without room, a table without rows or with columns out of sight.
function overflow(panel, box) {
  const out = [];
  const body = box.querySelector('.preview-body');
  if (!body) {
    return ['nothing is drawn'];
  }
  const room = body.getBoundingClientRect();
  if (panel.type === 'text' && body.scrollHeight > body.clientHeight + 1) {
    out.push(`the text is ${body.scrollHeight - body.clientHeight} pixels higher than its box`);
  }
  const title = box.querySelector('h2');
  if (title && title.scrollWidth > title.clientWidth + 1) {
    out.push('its title is cut off');
  }
  const grid = body.querySelector('[role=grid]');
  if (grid && grid.scrollWidth > grid.clientWidth + 1) {
    out.push(`the table is ${grid.scrollWidth - grid.clientWidth} pixels wider than its box`);
  }
  if (grid) {
    out.push(...cutOff(grid));
    if (grid.querySelectorAll('[role=row]').length < 2 && box.dataset.empty !== 'true') {
      out.push('the table shows no rows');
    }
  }
  for (const chart of body.querySelectorAll('.u-over')) {
    if (chart.clientHeight < 40 || chart.clientWidth < 80) {
      out.push(`the chart has ${chart.clientWidth} × ${chart.clientHeight} pixels left`);
    }
  }
  if (body.querySelector('[data-crowded=true]')) {
    out.push('names below the bars run into each other: rotate or shorten them');
  }
  if (panel.type === 'stat' || panel.type === 'bargauge') {
    for (const e of body.querySelectorAll('*')) {
      if (e.children.length > 0 || !e.textContent.trim()) {
        continue;
      }
      const at = e.getBoundingClientRect();
      if (at.right > room.right + 2 || at.bottom > room.bottom + 2 || at.left < room.left - 2 || at.top < room.top - 2 || e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).display !== 'inline') {
        out.push(`“${e.textContent}” does not fit`);
      }
      if (parseFloat(getComputedStyle(e).fontSize) < 10) {
        out.push(`“${e.textContent}” is written smaller than 10 pixels`);
      }
    }
  }
  return out;
}

// cutOff finds headings and numbers of a table that are not seen whole, and text columns of which most cells are not.
function cutOff(grid) {
  const out = [];
  const columns = new Map();
  for (const cell of grid.querySelectorAll('[role=columnheader], [role=gridcell]')) {
    const hidden = isCut(cell);
    if (cell.role === 'columnheader') {
      columns.set(cell.ariaColIndex, { name: cell.textContent, cells: 0, cut: [] });
      if (hidden) {
        out.push(`the heading “${cell.textContent}” is cut off`);
      }
      continue;
    }
    const column = columns.get(cell.ariaColIndex);
    column.cells++;
    if (hidden) {
      column.cut.push(cell.textContent);
    }
  }
  for (const { name, cells, cut } of columns.values()) {
    const number = cut.find((text) => /^[-\d]/.test(text));
    if (number) {
      out.push(`in column ${name}, ${number} is cut off`);
    } else if (cut.length > cells / 2) {
      out.push(`in column ${name}, most cells are cut off, such as “${cut[0]}”`);
    }
  }
  return out;
}

// isCut measures the text itself: what hangs out to the left does not scroll.
function isCut(cell) {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const text = range.getBoundingClientRect();
  const room = cell.getBoundingClientRect();
  return text.left < room.left - 1 || text.right > room.right + 1;
}
