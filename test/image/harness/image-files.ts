import type { BuiltImage } from './built-image.ts';

export interface ImageFile {
  readonly path: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
  /** As `chmod` takes it, with the special bits. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly bytes: number;
  /** Whether the text that was looked for is in it. */
  readonly isMarked: boolean;
}

/** What an engine mounts or makes in every container. */
const ofTheEngine = [
  ...['/proc', '/sys', '/dev', '/run', '/.dockerenv'],
  ...['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/etc/mtab'],
];

/** Everything in the image, as its own Node and user see it. */
export async function listImageFiles(image: BuiltImage, mark: string): Promise<ImageFile[]> {
  const script = `
    const [mark, ...skipped] = process.argv.slice(1);
    const files = [];
    const walk = (folder) => {
      for (const name of fs.readdirSync(folder)) {
        const path = folder + name;
        if (skipped.includes(path)) continue;
        const { mode, uid, gid, size: bytes } = fs.lstatSync(path);
        const isFolder = (mode & fs.constants.S_IFMT) === fs.constants.S_IFDIR;
        const isLink = (mode & fs.constants.S_IFMT) === fs.constants.S_IFLNK;
        const isMarked = !isFolder && fs.readFileSync(path).includes(mark);
        files.push({ path, isFolder, isLink, permissions: mode & 0o7777, uid, gid, bytes, isMarked });
        if (isFolder) walk(path + '/');
      }
    };
    walk('/');
    process.stdout.write(JSON.stringify(files));
  `;
  const args = ['--eval', script, mark, ...ofTheEngine];
  const { code, stdout, stderr } = await image.run(args, { entryPoint: 'node' });
  if (code !== 0) throw new Error(`listing the image: ${stderr}`);
  return JSON.parse(stdout);
}
