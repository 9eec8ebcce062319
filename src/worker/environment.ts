/**
 * An empty environment for the libraries in the worker. While they load, one lists all variables and
 * another asks for the directory of temporary files; the worker may read neither, and they need
 * neither.
 *
 * @module
 */

import os from "node:os";
import process from "node:process";

Object.defineProperty(process, "env", { value: {} });
os.tmpdir = () => "/nowhere";
