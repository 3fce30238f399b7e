// ts_client.mjs ts1|ts2 auto|legacy features|questions|parallel=N URL|COMMAND...
//
// A URL that ends in /mcp is Streamable HTTP. `questions` wants an everything server, the others a catalog server.
// Prints a line per failed step and a summary; exits with 2 when a step failed.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { sdk } from './ts_sdk.mjs';

const [version, mode, what, ...target] = process.argv.slice(2);
const TOOLS = 380;
const MODERN = '2026-07-28';
const kit = await sdk(version);

async function connect(prepare = () => {}) {
    const client = kit.client(mode);
    prepare(client);
    await client.connect(transport());
    return client;
}

function transport() {
    if (target[0].endsWith('/mcp')) return new kit.StreamableHTTPClientTransport(new URL(target[0]));
    if (target[0].startsWith('http')) return new kit.SSEClientTransport(new URL(target[0]));
    return new kit.StdioClientTransport({ command: target[0], args: target.slice(1), stderr: 'ignore' });
}

// All pages of a list; version 2 walks them itself when no cursor is given.
async function everything(listPage, field) {
    const found = [];
    let cursor;
    for (let page = 0; page < TOOLS; page++) {
        const result = await listPage(cursor === undefined ? undefined : { cursor });
        found.push(...result[field]);
        cursor = result.nextCursor;
        if (cursor === undefined) return found;
    }
    throw new Error('the pages never end');
}

const text = result => {
    assert.ok(!result.isError, JSON.stringify(result));
    return result.content[0].text;
};

function steps(client) {
    const call = (name, args, options) => kit.call(client, { name, arguments: args }, options);
    const modern = client.getNegotiatedProtocolVersion?.() === MODERN;
    return {
        async tools() {
            const tools = await everything(params => client.listTools(params), 'tools');
            assert.equal(tools.length, TOOLS);
            assert.deepEqual(tools.slice(0, 2).map(tool => tool.name), ['echo', 'sequence']);
            assert.equal(new Set(tools.map(tool => tool.name)).size, TOOLS);
            assert.equal(tools[0].inputSchema.properties.text.type, 'string');
        },
        async echo() {
            for (const said of ['hello', '', 'ünï\u2028cödé 🦀', 'x'.repeat(300_000)]) {
                assert.equal(text(await call('echo', { text: said })), said);
            }
        },
        async sequence() {
            const first = Number(text(await call('sequence', {})));
            assert.ok(Number(text(await call('sequence', {}))) > first);
        },
        async together() {
            const texts = Array.from({ length: 50 }, (_, number) => String(number));
            const results = await Promise.all(texts.map(said => call('echo', { text: said })));
            assert.deepEqual(results.map(text), texts);
        },
        async unknown_tool() {
            await assert.rejects(call('no such tool', {}), { code: -32602 });
        },
        async bad_arguments() {
            const result = await call('echo', { text: 7 }).catch(error => ({ isError: error.code === -32602, error }));
            assert.ok(result.isError, JSON.stringify(result));
        },
        // These SDKs forget the handler when the result is read together with the progress, so count on the wire.
        async progress() {
            const wire = [];
            const onmessage = client.transport.onmessage;
            client.transport.onmessage = (message, extra) => {
                if (message.method === 'notifications/progress') wire.push(message.params.progress);
                onmessage(message, extra);
            };
            text(await call('progress', { steps: 3 }, { onprogress: () => {} }));
            client.transport.onmessage = onmessage;
            assert.equal(wire.length, 3);
            assert.deepEqual(wire, [...new Set(wire)].sort((a, b) => a - b));
        },
        async log() {
            const logs = [];
            kit.onLog(client, notification => void logs.push(notification.params));
            const args = { name: 'log', arguments: { level: 'info', message: 'a line of log' } };
            if (modern) args._meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
            else await client.setLoggingLevel('debug');
            text(await kit.call(client, args));
            for (let tries = 0; tries < 20 && !logs.length; tries++) await sleep(50);
            assert.equal(logs.length, 1);
            assert.equal(logs[0].level, 'info');
            assert.match(JSON.stringify(logs[0].data), /a line of log/);
        },
        async prompts() {
            const prompts = await everything(params => client.listPrompts(params), 'prompts');
            const greeting = prompts.find(prompt => prompt.name === 'greeting');
            assert.deepEqual(greeting.arguments.map(argument => argument.name), ['name']);
            const prompt = await client.getPrompt({ name: 'greeting', arguments: { name: 'Ada' } });
            assert.match(prompt.messages[0].content.text, /Ada/);
        },
        async resources() {
            const resources = await everything(params => client.listResources(params), 'resources');
            assert.ok(resources.some(resource => resource.uri === 'catalog://readme'));
            const { contents } = await client.readResource({ uri: 'catalog://readme' });
            assert.equal(contents[0].uri, 'catalog://readme');
            assert.ok(contents[0].text);
        },
        async templates() {
            const templates = await everything(params => client.listResourceTemplates(params), 'resourceTemplates');
            assert.ok(templates.some(template => template.uriTemplate === 'catalog://tool/{name}'));
            const { contents } = await client.readResource({ uri: 'catalog://tool/echo' });
            assert.match(contents[0].text, /echo/);
        },
        async unknown_resource() {
            // Version 2 turns a -32002 that names the uri into the code of the modern era.
            const code = modern || version === 'ts2' ? -32602 : -32002;
            await assert.rejects(client.readResource({ uri: 'catalog://nothing' }), { code });
        },
        async completion() {
            const result = await client.complete({
                ref: { type: 'ref/prompt', name: 'greeting' },
                argument: { name: 'name', value: 'A' }
            });
            assert.ok(Array.isArray(result.completion.values));
        },
        async ping() {
            if (!modern) await client.ping();
        }
    };
}

// What a server can ask; in the modern era every question takes a round.
function questions(client) {
    const call = async name => text(await kit.call(client, { name: `test_input_required_result_${name}`, arguments: {} }));
    return {
        elicitation: async () => assert.equal(await call('elicitation'), 'Hello, Ada!'),
        sampling: async () => assert.equal(await call('sampling'), 'The model says: Paris'),
        roots: async () => assert.equal(await call('list_roots'), '1 folders: file:///kit'),
        several: async () => assert.equal(await call('multiple_inputs'), 'Paris (Ada, 1 folders)'),
        one_by_one: async () => assert.equal(await call('multi_round'), 'Ada likes green.'),
        async memo() {
            const first = (await call('request_state')).match(/^state-ok: ticket (\d+) is used$/);
            const second = (await call('request_state')).match(/^state-ok: ticket (\d+) is used$/);
            assert.equal(second[1] - first[1], 1);
        },
        async prompt() {
            const prompt = await client.getPrompt({ name: 'test_input_required_result_prompt' });
            assert.match(prompt.messages[0].content.text, /a test/);
        },
        async reconnection() {
            assert.match(text(await kit.call(client, { name: 'test_reconnection', arguments: {} })), /^Reconnection test/);
        },
        async log() {
            const logs = [];
            kit.onLog(client, notification => void logs.push(notification.params.data.split(' ').at(-1)));
            const params = { name: 'test_tool_with_logging', arguments: {} };
            if (client.getNegotiatedProtocolVersion?.() === MODERN) {
                params._meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
            }
            text(await kit.call(client, params));
            await sleep(100);
            assert.deepEqual(logs, ['started', 'data', 'completed']);
        }
    };
}

// A client whose user fills in every form, and whose model knows one capital.
function answer(client) {
    const form = { name: 'Ada', color: 'green', ok: true, context: 'a test' };
    kit.onRequest(client, 'elicitation/create', ({ params }) => {
        const fields = Object.keys(params.requestedSchema.properties);
        return { action: 'accept', content: Object.fromEntries(fields.map(name => [name, form[name]])) };
    });
    kit.onRequest(client, 'sampling/createMessage', () => ({
        role: 'assistant',
        content: { type: 'text', text: 'Paris' },
        model: 'kit'
    }));
    kit.onRequest(client, 'roots/list', () => ({ roots: [{ uri: 'file:///kit', name: 'kit' }] }));
}

async function features(steps, prepare) {
    let failures = 0;
    const start = performance.now();
    const client = await connect(prepare);
    const took = performance.now() - start;
    if (took > 1500) {
        failures++;
        console.log(`connect: took ${(took / 1000).toFixed(2)} s`);
    }
    const all = Object.entries(steps(client));
    for (const [name, step] of all) {
        try {
            const late = sleep(20_000, null, { ref: false }).then(() => assert.fail('no end within 20 s'));
            await Promise.race([step(), late]);
        } catch (error) {
            failures++;
            console.log(`${name}: ${error.name} ${String(error.message).slice(0, 300)}`);
        }
    }
    const revision = client.getNegotiatedProtocolVersion?.();
    await client.close();
    console.log(`${all.length} steps, ${revision ? `revision ${revision}, ` : ''}connected in ${took.toFixed(0)} ms`);
    return failures;
}

async function parallel(count) {
    const results = await Promise.allSettled(
        Array.from({ length: count }, async (_, number) => {
            const client = await connect();
            const tools = await everything(params => client.listTools(params), 'tools');
            assert.equal(tools.length, TOOLS);
            const said = String(number);
            assert.equal(text(await kit.call(client, { name: 'echo', arguments: { text: said } })), said);
            await client.close();
        })
    );
    const failures = results.filter(result => result.status === 'rejected');
    for (const failure of failures.slice(0, 5)) console.log(`session: ${failure.reason}`);
    console.log(`${count - failures.length} of ${count} sessions`);
    return failures.length;
}

const plays = {
    features: () => features(steps),
    questions: () => features(questions, answer)
};
const failures = await (plays[what]?.() ?? parallel(Number(what.replace('parallel=', ''))));
process.exit(failures ? 2 : 0);
