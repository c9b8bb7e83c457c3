import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** The release that the store was written against. */
const VERSION = '2.6.1';

/** How long it may take to answer, ms. */
const START_LIMIT = 60_000;

/** What stops an emulator that was told to end and does not, ms. */
const STOP_LIMIT = 5_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>evented-workflows</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** The emulator has no option for the interface: its server listens on all of them unless it is told before it starts. */
const LAUNCHER = `import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

public class Loopback {
  public static void main(String[] args) throws Exception {
    var proxy = ServerRunner.createServerFromCommandLineArgs(args);
    var field = proxy.getClass().getDeclaredField("server");
    field.setAccessible(true);
    for (var connector : ((Server) field.get(proxy)).getConnectors()) {
      ((ServerConnector) connector).setHost("127.0.0.1");
    }
    proxy.safeStart();
    proxy.join();
  }
}
`;

/** DynamoDB Local in a process of its own. */
export interface DynamoDbLocal {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Starts DynamoDB Local in memory, on a free port of the loopback interface. Installs it below `cache` when it is missing,
 * which takes Maven and a connection to its repository; running it takes a Java development kit of version 17 or later.
 */
export async function startDynamoDbLocal(cache: string): Promise<DynamoDbLocal> {
  const home = join(cache, `dynamodb-local-${VERSION}`);
  if (!existsSync(home)) await install(home);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(cache, 'dynamodb-local.log');
  const output = await open(log, 'w');
  const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
  const child = spawn(
    'java',
    ['-Djava.library.path=lib', '-cp', 'lib/*', 'Loopback.java', ...options],
    // A group of its own: it ends by us, not by the terminal's Ctrl-C in the middle of our cleaning up.
    { cwd: home, stdio: ['ignore', output.fd, output.fd], detached: true },
  );
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  await output.close();
  try {
    await Promise.race([answering(endpoint, child), failed]);
  } catch (error) {
    await stop(child);
    throw new Error(`DynamoDB Local did not start; see ${log}.`, { cause: error });
  }
  return { endpoint, stop: () => stop(child) };
}

/** Installs next to `home` and moves it there last: an installation that was interrupted is done again. */
async function install(home: string): Promise<void> {
  const unfinished = `${home}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeFile(join(unfinished, 'pom.xml'), POM);
  await writeFile(join(unfinished, 'Loopback.java'), LAUNCHER);
  const maven = spawn('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'], {
    cwd: unfinished,
    stdio: 'inherit',
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    maven.once('error', reject);
    maven.once('exit', resolve);
  });
  if (code !== 0)
    throw new Error(`Maven could not download DynamoDB Local ${VERSION}: it ended with ${code}.`);
  await rename(unfinished, home);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

/** Resolves when the emulator answers anything at all; a request without a signature is answered with an error. */
async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT);
  for (;;) {
    limit.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
    const answer = await fetch(endpoint, { signal: limit }).catch(() => undefined);
    if (answer !== undefined) return;
    await wait(100, undefined, { signal: limit });
  }
}

/** Ends the process by its id, and waits until it is gone. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
  child.kill('SIGTERM');
  await gone;
  clearTimeout(forced);
}
