import { run, supervisor } from "hornbeam/supervisor";
import { App } from "./app.ts";

const port = Number(process.env.PORT ?? 4000);

await run(supervisor(App, { port }, { id: "chat" }), { deadline: 15_000 });
