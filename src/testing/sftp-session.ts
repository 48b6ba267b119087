import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Attributes, SFTPWrapper } from 'ssh2';
import ssh2 from 'ssh2';
import { type OpenDirectory, SftpHandles } from './sftp-handles.js';
import { SFTP_EOF, SFTP_OK, type SftpStatus, toAttributes, toSftpStatus } from './sftp-status.js';

const { OPEN_MODE } = ssh2.utils.sftp;

/** What every request handler of a session needs. */
interface Service {
  readonly sftp: SFTPWrapper;
  readonly handles: SftpHandles;
  /** A path of the client's as one of ours; relative ones begin in the home. */
  readonly at: (path: string) => string;
  /** Does the work and answers with its status, unless the work has answered itself. */
  readonly reply: (id: number, work: () => Promise<unknown>) => void;
}

/** Serves SFTP version 3 over the real file system. Paths begin in `home`; nothing is out of bounds. */
export function serveSftp(sftp: SFTPWrapper, home: string): void {
  const handles = new SftpHandles();
  const answer = (id: number, { code, message }: SftpStatus) => sftp.status(id, code, message);
  const reply: Service['reply'] = (id, work) => {
    const outcome = new Promise((settle) => settle(work()));
    outcome.then(
      (done) => done !== ANSWERED && answer(id, SFTP_OK),
      (error: unknown) => answer(id, error === END ? SFTP_EOF : toSftpStatus(error)),
    );
  };
  const service = { sftp, handles, at: (path: string) => resolve(home, path), reply };
  serveHandles(service);
  serveMetadata(service);
  serveNames(service);
  sftp.on('error', () => {});
  sftp.on('end', () => sftp.end());
  sftp.on('close', () => handles.closeAll());
}

function serveHandles({ sftp, handles, at, reply }: Service): void {
  const opened = async (id: number, target: Promise<fs.FileHandle | OpenDirectory>) => {
    sftp.handle(id, handles.add(await target));
    return ANSWERED;
  };
  sftp.on('OPEN', (id, path, flags, { mode = 0o666 }) =>
    reply(id, () => opened(id, fs.open(at(path), openFlags(flags), mode))),
  );
  sftp.on('OPENDIR', (id, path) => reply(id, () => opened(id, openDirectory(at(path)))));
  sftp.on('READ', (id, handle, offset, length) =>
    reply(id, () => read(sftp, id, handles.file(handle), offset, length)),
  );
  sftp.on('READDIR', (id, handle) => reply(id, () => list(sftp, id, handles.directory(handle))));
  sftp.on('WRITE', (id, handle, offset, data) =>
    reply(id, () => writeAll(handles.file(handle), data, offset)),
  );
  sftp.on('CLOSE', (id, handle) => reply(id, () => handles.close(handle)));
}

function serveMetadata({ sftp, handles, at, reply }: Service): void {
  const send = async (id: number, stats: Promise<Stats>) => {
    sftp.attrs(id, toAttributes(await stats));
    return ANSWERED;
  };
  sftp.on('FSTAT', (id, handle) => reply(id, () => send(id, handles.file(handle).stat())));
  sftp.on('STAT', (id, path) => reply(id, () => send(id, fs.stat(at(path)))));
  sftp.on('LSTAT', (id, path) => reply(id, () => send(id, fs.lstat(at(path)))));
  sftp.on('FSETSTAT', (id, handle, change) => reply(id, () => setAttributes(handles.file(handle), change)));
  sftp.on('SETSTAT', (id, path, change) => reply(id, () => setAttributes(byPath(at(path)), change)));
}

function serveNames({ sftp, at, reply }: Service): void {
  const send = async (id: number, name: Promise<string>) => {
    sftp.name(id, [nameEntry(await name)]);
    return ANSWERED;
  };
  sftp.on('MKDIR', (id, path, { mode = 0o777 }) => reply(id, () => fs.mkdir(at(path), mode)));
  sftp.on('RMDIR', (id, path) => reply(id, () => fs.rmdir(at(path))));
  sftp.on('REMOVE', (id, path) => reply(id, () => fs.unlink(at(path))));
  sftp.on('RENAME', (id, from, to) => reply(id, () => renameToNew(at(from), at(to))));
  sftp.on('READLINK', (id, path) => reply(id, () => send(id, fs.readlink(at(path)))));
  sftp.on('REALPATH', (id, path) =>
    reply(id, () =>
      send(
        id,
        fs.realpath(at(path)).catch(() => at(path)),
      ),
    ),
  );
  // Link first, whatever the parameters' declared names say: ssh2 puts OpenSSH's swapped order right.
  sftp.on('SYMLINK', (id, link, target) => reply(id, () => fs.symlink(target, at(link))));
}

const ANSWERED = Symbol('already answered');
const END = new Error('end of file');
const MAX_READ = 256 * 1024;

async function read(sftp: SFTPWrapper, id: number, file: fs.FileHandle, offset: number, length: number) {
  const buffer = Buffer.allocUnsafe(Math.min(length, MAX_READ));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
  if (bytesRead === 0) throw END;
  sftp.data(id, buffer.subarray(0, bytesRead));
  return ANSWERED;
}

async function writeAll(file: fs.FileHandle, data: Buffer, offset: number): Promise<void> {
  let done = 0;
  while (done < data.length) {
    done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
  }
}

/** Never blocks on a FIFO: one blocked open would hold one of the process's few file threads for ever. */
function openFlags(flags: number): number {
  const has = (mode: number) => (flags & mode) !== 0;
  const access = has(OPEN_MODE.WRITE)
    ? has(OPEN_MODE.READ)
      ? constants.O_RDWR
      : constants.O_WRONLY
    : constants.O_RDONLY;
  return (
    access |
    constants.O_NONBLOCK |
    (has(OPEN_MODE.APPEND) ? constants.O_APPEND : 0) |
    (has(OPEN_MODE.CREAT) ? constants.O_CREAT : 0) |
    (has(OPEN_MODE.TRUNC) ? constants.O_TRUNC : 0) |
    (has(OPEN_MODE.EXCL) ? constants.O_EXCL : 0)
  );
}

/** The four changes that attributes ask for; an open file and a path both offer them. */
interface Changeable {
  truncate(size: number): Promise<void>;
  chmod(mode: number): Promise<void>;
  utimes(atime: number, mtime: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
}

function byPath(path: string): Changeable {
  return {
    truncate: (size) => fs.truncate(path, size),
    chmod: (mode) => fs.chmod(path, mode),
    utimes: (atime, mtime) => fs.utimes(path, atime, mtime),
    chown: (uid, gid) => fs.chown(path, uid, gid),
  };
}

async function setAttributes(target: Changeable, attributes: Partial<Attributes>): Promise<void> {
  const { size, mode, atime, mtime, uid, gid } = attributes;
  if (size !== undefined) await target.truncate(size);
  if (mode !== undefined) await target.chmod(mode & 0o7777);
  if (atime !== undefined && mtime !== undefined) await target.utimes(atime, mtime);
  if (uid !== undefined && gid !== undefined) await target.chown(uid, gid);
}

async function openDirectory(path: string): Promise<OpenDirectory> {
  return { path, names: ['.', '..', ...(await fs.readdir(path))] };
}

/** A hundred names an answer, so that no packet grows beyond what clients take. */
async function list(sftp: SFTPWrapper, id: number, directory: OpenDirectory) {
  const names = directory.names.splice(0, 100);
  if (names.length === 0) throw END;
  const entries = await Promise.all(
    names.map(async (name) =>
      nameEntry(name, await fs.lstat(resolve(directory.path, name)).catch(() => null)),
    ),
  );
  sftp.name(id, entries);
  return ANSWERED;
}

function nameEntry(filename: string, stats: Stats | null = null) {
  const attrs = stats ? toAttributes(stats) : { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
  return { filename, longname: `${attrs.mode.toString(8)} ${attrs.size} ${filename}`, attrs };
}

/** SFTP's plain rename never replaces an existing file. */
async function renameToNew(from: string, to: string): Promise<void> {
  if ((await fs.lstat(from)).isDirectory()) return fs.rename(from, to);
  await fs.link(from, to);
  await fs.unlink(from);
}
