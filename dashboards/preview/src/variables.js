// Variables in texts: titles, markdown, links. Those in queries are expanded where the queries run.
const reference = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

const param = (name, value) => `var-${name}=${encodeURIComponent(value)}`;

function write(v, format) {
  switch (format) {
    case 'queryparam':
      return v.values.map((x) => param(v.name, x)).join('&');
    case 'percentencode':
      return encodeURIComponent(v.values.join(','));
    case 'raw':
    case 'csv':
      return v.values.join(',');
    case 'sqlstring':
      return v.values.map((x) => `'${x}'`).join(',');
    default: // what a reader sees in a title
      return v.texts.join(' + ');
  }
}

// replacer makes the function that panels call, with what a row or a field adds.
export function replacer(values, range) {
  return function replace(text, scoped, format) {
    return (text ?? '').replace(reference, (match, a, b, bf, c, path, cf) => {
      const name = a ?? b ?? c;
      const local = scoped?.[name];
      if (local) {
        const found = (path ?? '').match(/[^.[\]'"]+/g)?.reduce((at, key) => at?.[key], local.value) ?? (path ? '' : local.value);
        return String(found?.text ?? found);
      }
      if (name === '__data') {
        return dataOf(scoped?.__dataContext?.value, path) ?? '';
      }
      if (name === '__url_time_range') {
        return `from=${Date.parse(range.from)}&to=${Date.parse(range.to)}`;
      }
      if (name === '__all_variables') {
        return Object.values(values).flatMap((v) => v.values.map((x) => param(v.name, x))).join('&');
      }
      const v = values[name];
      return v ? write(v, cf ?? bf ?? format) : match;
    });
  };
}

// dataOf is a cell of the row that a link or a name stands on: fields.x, fields[0], fields["a b"].
function dataOf(context, path) {
  const key = /^fields(?:\.([^.]+)|\[["']?([^\]"']+)["']?\])/.exec(path ?? '');
  if (!context || !key) {
    return undefined;
  }
  const name = key[1] ?? key[2];
  const fields = context.frame.fields;
  const field = fields.find((f) => f.name === name || f.state?.displayName === name) ?? fields[Number(name)];
  return field ? String(field.values[context.rowIndex ?? 0] ?? '') : undefined;
}
