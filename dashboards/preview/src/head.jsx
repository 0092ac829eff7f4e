// The dashboard's head: title, range, what is chosen, links. The drop-downs are pictures of themselves.
export function Head({ dashboard, values, range, theme, replaceVariables }) {
  const box = {
    display: 'inline-flex', border: `1px solid ${theme.colors.border.medium}`, borderRadius: theme.shape.radius.default, marginRight: 8, height: 32, alignItems: 'center',
    background: theme.colors.background.primary,
  };
  const shown = dashboard.templating.list.filter((v) => v.hide !== 2).map((v) => values[v.name]);
  const day = (text) => text.slice(0, 10);
  return (
    <div style={{ padding: '8px 16px' }}>
      <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', marginBottom: 8 }}>
        <span style={{ fontSize: 18, fontWeight: 500 }}>Dashboards › {dashboard.title}</span>
        <span style={{ ...box, padding: '0 8px' }}>◷ {day(range.from)} to {day(range.to)}</span>
      </div>
      <div style={{ display: 'flex', justifyContent: 'space-between' }}>
        <span>
          {shown.map((v) => (
            <span key={v.name} style={box}>
              <span style={{ padding: '0 8px', fontSize: 12, fontWeight: 500, borderRight: `1px solid ${theme.colors.border.medium}` }}>{v.label || v.name}</span>
              <span style={{ padding: '0 8px' }}>{v.texts.join(' + ') || '–'} ▾</span>
            </span>
          ))}
        </span>
        <span>
          {(dashboard.links ?? []).map((l) => <span key={l.title} style={{ ...box, padding: '0 8px', marginLeft: 8 }}>↗ {replaceVariables(l.title, {}, 'text')}</span>)}
        </span>
      </div>
    </div>
  );
}
