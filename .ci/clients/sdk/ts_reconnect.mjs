// ts_reconnect.mjs ts1|ts2 URL
// Connects and calls once; after a line on stdin (the stream was cut and is back) calls twice, initializes by hand on
// the same transport and calls again. Reports as JSON what each step heard, and when.
import { once } from 'node:events';
import { sdk } from './ts_sdk.mjs';

const [version, url] = process.argv.slice(2);
const kit = await sdk(version);
const transport = new kit.SSEClientTransport(new URL(url));
const client = kit.client('legacy');
client.onerror = () => {};
await client.connect(transport);

async function timed(work) {
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    try {
        const result = await work();
        return { result, text: result.content?.[0]?.text, seconds: seconds() };
    } catch (error) {
        return { code: error.code, data: error.data, message: String(error.message), seconds: seconds() };
    }
}

const echo = text => timed(() => kit.call(client, { name: 'echo', arguments: { text } }, { timeout: 10_000 }));

const say = report => process.stdout.write(JSON.stringify(report) + '\n');

say(await echo('connected'));
await once(process.stdin, 'data');
const first = await echo('first');
const second = await echo('second');
const repair = await timed(async () => {
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'kit', version: '0' } };
    const result = await kit.request(client, { method: 'initialize', params });
    await client.notification({ method: 'notifications/initialized' });
    return result;
});
const after = await echo('after');
say({ first, second, repair, after });
process.exit(0);
