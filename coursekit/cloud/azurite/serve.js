"use strict";
// Runs the Azurite that was installed into the folder named first, and ends with its owner: when
// the pipe on standard input closes, whatever closed it.
process.stdin.resume();
process.stdin.on("close", () => process.exit(0));
require(require("path").join(process.argv[2], "node_modules/azurite/dist/src/blob/main.js"));
