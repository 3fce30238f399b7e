// The peer on the TypeScript SDK 2.x, which serves both eras: ts2.mjs stdio|mcp [PORT].
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { McpServer, acceptedContent, createMcpHandler, inputRequired } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';

const [transport, port] = process.argv.slice(2);
const URI = 'peer://notes';
let cancelled = 0;
let notifier;
const text = said => ({ content: [{ type: 'text', text: said }] });
const Answer = z.object({ name: z.string() });

function peer() {
    const mcp = new McpServer({ name: 'peer', version: '1' }, { capabilities: { resources: { subscribe: true } } });
    const tool = (name, shape, run) => mcp.registerTool(name, { inputSchema: z.object(shape) }, run);
    tool('echo', { text: z.string() }, async args => text(args.text));
    tool('count', { to: z.number() }, async ({ to }, { mcpReq }) => {
        for (let step = 1; step <= to; step++) {
            const progressToken = mcpReq._meta?.progressToken;
            if (progressToken !== undefined) {
                const params = { progressToken, progress: step, total: to, message: `step ${step}` };
                await mcpReq.notify({ method: 'notifications/progress', params });
            }
            await wait(20);
        }
        return text(`counted to ${to}`);
    });
    tool('sleep', { seconds: z.number() }, async ({ seconds }, { mcpReq }) => {
        mcpReq.signal.addEventListener('abort', () => void cancelled++);
        await wait(seconds * 1000, undefined, { signal: mcpReq.signal });
        return text(`slept ${seconds} s`);
    });
    tool('cancelled', {}, async () => text(String(cancelled)));
    const once = (key, question, answer) => async (args, { mcpReq }) => {
        const given = mcpReq.inputResponses?.[key];
        return given ? text(answer(given, mcpReq)) : inputRequired({ inputRequests: { [key]: question(args) } });
    };
    tool('ask', { question: z.string() }, once(
        'name',
        ({ question }) => inputRequired.elicit({ message: question, requestedSchema: Answer }),
        (given, { inputResponses }) =>
            given.action === 'accept' ? `accept: ${acceptedContent(inputResponses, 'name').name}` : given.action,
    ));
    tool('sample', { prompt: z.string() }, once(
        'sample',
        ({ prompt }) => inputRequired.createMessage({
            messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 50,
        }),
        given => given.content.text,
    ));
    tool('roots', {}, once(
        'roots',
        () => inputRequired.listRoots(),
        given => given.roots.map(root => root.uri).join(' '),
    ));
    tool('touch', {}, async () => {
        if (notifier) notifier.resourceUpdated(URI);
        else await mcp.server.sendResourceUpdated({ uri: URI });
        return text('touched');
    });
    mcp.registerResource('notes', URI, {}, async () => ({ contents: [{ uri: URI, text: 'notes of the peer' }] }));
    mcp.registerPrompt('greeting', { argsSchema: z.object({ name: z.string() }) }, ({ name }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
    }));
    return mcp;
}

if (transport === 'stdio') {
    serveStdio(peer);
} else {
    const handler = createMcpHandler(peer);
    notifier = handler.notify;
    createServer(toNodeHandler(handler)).listen(Number(port), '127.0.0.1');
}
