/// Names that no honest checkpoint has: what runs commands and programs, and what loads more of them. Nothing would be run of these either;
/// but who finds one in a file should hear of it.
enum PickleRefusal {
  /// By their roots, because what matters may be deeper.
  private static let modules: Set<String> = [
    "os", "posix", "nt", "subprocess", "_posixsubprocess", "sys", "shutil", "socket", "_socket", "ctypes", "_ctypes", "importlib", "imp",
    "runpy", "pty", "code", "codeop", "commands", "popen2", "pickle", "_pickle", "cPickle", "marshal", "webbrowser", "pip", "pdb", "bdb",
    "timeit", "cProfile", "profile", "trace", "doctest", "ftplib", "httplib", "smtplib", "telnetlib", "signal",
  ]

  private static let builtins: Set<String> = [
    "eval", "exec", "execfile", "compile", "open", "file", "apply", "input", "raw_input", "__import__", "breakpoint", "globals", "locals",
    "vars", "setattr", "delattr", "reload",
  ]

  private static let others: Set<String> = ["torch.load", "torch.storage._load_from_bytes", "torch.jit.load", "numpy.load"]

  static func refuses(module: String, name: String) -> Bool {
    if module == "builtins" || module == "__builtin__" { return builtins.contains(name) || name.contains(".") }
    let root = String(module.prefix { $0 != "." })
    return modules.contains(root) || others.contains("\(module).\(name)") || module.hasPrefix("torch.hub")
  }
}
