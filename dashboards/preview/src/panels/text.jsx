import { renderTextPanelMarkdown, textUtil } from '@grafana/data';

export function TextPanel({ options, replaceVariables }) {
  const content = replaceVariables(options.content ?? '', {}, 'text');
  const html = options.mode === 'html' ? textUtil.sanitizeTextPanelContent(content) : renderTextPanelMarkdown(content, { breaks: true });
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />;
}
