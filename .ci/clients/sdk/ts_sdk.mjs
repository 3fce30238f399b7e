// The two TypeScript SDKs behind one face: `ts1` is @modelcontextprotocol/sdk, `ts2` the split
// @modelcontextprotocol/client.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// node_modules lies in a cache directory, not beside these files.
const require = createRequire(pathToFileURL(join(process.env.MCP_CLIENTS_HOME, 'ts', 'x.js')));
const load = name => import(pathToFileURL(require.resolve(name)).href).then(module => module.default ?? module);

const INFO = { name: 'kit', version: '0' };
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} };

export async function sdk(version) {
    if (version === 'ts1') {
        const root = '@modelcontextprotocol/sdk';
        const { Client } = await load(`${root}/client/index.js`);
        const { SSEClientTransport } = await load(`${root}/client/sse.js`);
        const { StdioClientTransport } = await load(`${root}/client/stdio.js`);
        const { StreamableHTTPClientTransport } = await load(`${root}/client/streamableHttp.js`);
        const types = await load(`${root}/types.js`);
        const requests = {
            'elicitation/create': types.ElicitRequestSchema,
            'sampling/createMessage': types.CreateMessageRequestSchema,
            'roots/list': types.ListRootsRequestSchema
        };
        return {
            SSEClientTransport,
            StdioClientTransport,
            StreamableHTTPClientTransport,
            client: () => new Client(INFO, { capabilities: CAPABILITIES }),
            onRequest: (client, method, handler) => client.setRequestHandler(requests[method], handler),
            onLog: (client, handler) => client.setNotificationHandler(types.LoggingMessageNotificationSchema, handler),
            call: (client, params, options) => client.callTool(params, undefined, options),
            request: (client, request) => client.request(request, types.InitializeResultSchema)
        };
    }
    const { Client, SSEClientTransport, StreamableHTTPClientTransport } = await load('@modelcontextprotocol/client');
    const { StdioClientTransport } = await load('@modelcontextprotocol/client/stdio');
    return {
        SSEClientTransport,
        StdioClientTransport,
        StreamableHTTPClientTransport,
        client: mode => new Client(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode } }),
        onRequest: (client, method, handler) => client.setRequestHandler(method, handler),
        onLog: (client, handler) => client.setNotificationHandler('notifications/message', handler),
        call: (client, params, options) => client.callTool(params, options),
        request: (client, request) => client.request(request)
    };
}
