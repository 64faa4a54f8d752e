import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunProgramOptions {
  readonly folder?: string;
  /** What it reads from standard input; nothing by default. */
  readonly input?: string;
}

/** Far more than a build or a listing of the image prints. */
const maxOutputBytes = 64 * 1024 * 1024;

/** Runs a program to its end; one that cannot be started has the exit code 127, as in a shell. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { folder, input = '' }: RunProgramOptions = {},
): Promise<ProgramResult> {
  const running = promisify(execFile)(program, args, { cwd: folder, maxBuffer: maxOutputBytes });
  // Whoever ends without reading makes a broken pipe, which is no failure of ours.
  running.child.stdin?.on('error', () => undefined).end(input);
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stdout, stderr, message } = error as {
      code?: number | string;
      stdout?: string;
      stderr?: string;
      message: string;
    };
    return typeof code === 'number'
      ? { code, stdout: stdout ?? '', stderr: stderr ?? '' }
      : { code: 127, stdout: '', stderr: message };
  }
}

/** @throws with what it printed, when it does not exit with 0 */
export async function mustRun(
  program: string,
  args: readonly string[],
  options?: RunProgramOptions,
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${stderr}`);
  return stdout;
}
