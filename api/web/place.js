// Where the service is: at the root of its site, or below a path of somebody else's. Everything that a page asks for goes by it.

const BASE = new URL("..", import.meta.url).pathname; // "/" or "/tiaowen/"

/** The address of a place within the service, given as if the service were at the root: at("/v1/ask"). */
export const at = (path) => BASE + path.slice(1);

/** The place of this page within the service: "/operator". */
export const here = () => `/${location.pathname.slice(BASE.length)}`;
