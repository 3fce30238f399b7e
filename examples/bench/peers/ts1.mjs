// The tools on the TypeScript SDK 1.x: ts1.mjs stdio|sse|mcp PORT TOOLS.
import { randomUUID } from 'node:crypto';
import express from 'express';
import { z } from 'zod';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const [transport, port, tools] = process.argv.slice(2);
const filler = {
    query: z.string().describe('What to look for.'),
    limit: z.number().int().min(1).max(1000).default(50),
    order: z.enum(['ascending', 'descending']).optional(),
};

function peer() {
    const mcp = new McpServer({ name: 'peer', version: '1' });
    mcp.registerTool('echo', { description: 'Says what it is told', inputSchema: { text: z.string() } }, async ({ text }) => ({
        content: [{ type: 'text', text }],
    }));
    for (let number = 3; number <= tools; number++) {
        const description = `Looks through collection ${number} and says what matches.`;
        mcp.registerTool(`tool_${String(number).padStart(4, '0')}`, { description, inputSchema: filler }, async () => ({
            content: [{ type: 'text', text: 'nothing' }],
        }));
    }
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
        response.on('close', () => sessions.delete(session.sessionId));
        await peer().connect(session);
    });
    app.post('/messages', async (request, response) => {
        const session = sessions.get(request.query.sessionId);
        if (session) await session.handlePostMessage(request, response);
        else response.status(404).send('no such session');
    });
    app.all('/mcp', async (request, response) => {
        const id = request.headers['mcp-session-id'];
        let session = sessions.get(id);
        if (id !== undefined && !session) return response.status(404).send('no such session');
        if (!session) {
            session = new StreamableHTTPServerTransport({
                enableJsonResponse: true,
                sessionIdGenerator: randomUUID,
                onsessioninitialized: made => void sessions.set(made, session),
                onsessionclosed: ended => void sessions.delete(ended),
            });
            await peer().connect(session);
        }
        await session.handleRequest(request, response);
    });
    app.listen(Number(port), '127.0.0.1');
}
