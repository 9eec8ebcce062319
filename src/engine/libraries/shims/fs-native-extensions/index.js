// Without this native addon, npm:random-access-file locks no files and makes none sparse. libreseed
// asks for neither.
module.exports = null;
