// Starts the Go command of a folder beside this file on a free port; gives its URL and the way to stop it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';

export async function serve(folder) {
  const child = spawn('go', ['run', `./${folder}`], { cwd: import.meta.dirname, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([
    once(lines, 'line').then(([line]) => line),
    once(child, 'exit').then(([code]) => { throw new Error(`${folder} ended with ${code} before it served`); }),
  ]);
  return { url, stop: () => child.stdin.end() };
}
