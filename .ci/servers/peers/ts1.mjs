// The peer on the TypeScript SDK 1.x: ts1.mjs stdio|sse|mcp [PORT].
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import express from 'express';
import { z } from 'zod';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const [transport, port] = process.argv.slice(2);
const URI = 'peer://notes';
let cancelled = 0;
const text = said => ({ content: [{ type: 'text', text: said }] });

function peer() {
    const mcp = new McpServer({ name: 'peer', version: '1' }, { capabilities: { resources: { subscribe: true } } });
    const server = mcp.server;
    const tool = (name, inputSchema, run) => mcp.registerTool(name, { inputSchema }, run);
    tool('echo', { text: z.string() }, async args => text(args.text));
    tool('count', { to: z.number() }, async ({ to }, extra) => {
        for (let step = 1; step <= to; step++) {
            const progressToken = extra._meta?.progressToken;
            if (progressToken !== undefined) {
                const params = { progressToken, progress: step, total: to, message: `step ${step}` };
                await extra.sendNotification({ method: 'notifications/progress', params });
            }
            await wait(20);
        }
        return text(`counted to ${to}`);
    });
    tool('sleep', { seconds: z.number() }, async ({ seconds }, { signal }) => {
        signal.addEventListener('abort', () => void cancelled++);
        await wait(seconds * 1000, undefined, { signal });
        return text(`slept ${seconds} s`);
    });
    tool('cancelled', {}, async () => text(String(cancelled)));
    tool('ask', { question: z.string() }, async ({ question }) => {
        const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
        const answer = await server.elicitInput({ message: question, requestedSchema });
        return text(answer.action === 'accept' ? `accept: ${answer.content.name}` : answer.action);
    });
    tool('sample', { prompt: z.string() }, async ({ prompt }) => {
        const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
        return text((await server.createMessage({ messages, maxTokens: 50 })).content.text);
    });
    tool('roots', {}, async () => text((await server.listRoots()).roots.map(root => root.uri).join(' ')));
    tool('touch', {}, async () => {
        await server.sendResourceUpdated({ uri: URI });
        return text('touched');
    });
    mcp.registerResource('notes', URI, {}, async () => ({ contents: [{ uri: URI, text: 'notes of the peer' }] }));
    mcp.registerPrompt('greeting', { argsSchema: { name: z.string() } }, ({ name }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name}` } }],
    }));
    server.setRequestHandler(SubscribeRequestSchema, async () => ({}));
    server.setRequestHandler(UnsubscribeRequestSchema, async () => ({}));
    return mcp;
}

if (transport === 'stdio') {
    await peer().connect(new StdioServerTransport());
} else {
    const sessions = new Map();
    const app = express();
    app.get('/sse', async (request, response) => {
        const session = new SSEServerTransport('/messages', response);
        sessions.set(session.sessionId, session);
        await peer().connect(session);
    });
    app.post('/messages', async (request, response) => {
        const session = sessions.get(request.query.sessionId);
        if (session) await session.handlePostMessage(request, response);
        else response.status(404).send('no such session');
    });
    app.all('/mcp', async (request, response) => {
        const id = request.headers['mcp-session-id'];
        if (id !== undefined && !sessions.has(id)) return response.status(404).send('no such session');
        let session = sessions.get(id);
        if (!session) {
            session = new StreamableHTTPServerTransport({
                sessionIdGenerator: randomUUID,
                onsessioninitialized: made => void sessions.set(made, session),
            });
            await peer().connect(session);
        }
        await session.handleRequest(request, response);
    });
    app.listen(Number(port), '127.0.0.1');
}
