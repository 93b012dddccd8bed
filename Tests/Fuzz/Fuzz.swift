import Glibc
import TestSupport

/// Feeds damaged files to every reader, for some seconds each. A reader may refuse a file as often as it likes; a trap, a hang or a request for
/// absurd amounts of memory ends the process, and the state file then says how to make the same input again.
///
///     GlissadeFuzz 60 --seed 1 --state state               for a minute each
///     GlissadeFuzz 60 --share 1/2                          every second reader, beginning with the second
///     GlissadeFuzz --replay checkpoint 1 12345 --keep f    one input again, kept in a file
@main
struct Fuzz {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func option(_ name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
    }
    limit()
    // In memory where there is such a place: rewriting a file on a disk waits for the disk.
    let folder = try TemporaryFolder(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
    let readers = try allReaders(folder)
    if let place = arguments.firstIndex(of: "--replay"), place + 3 < arguments.count, let seed = UInt64(arguments[place + 2]),
      let iteration = UInt64(arguments[place + 3]), let reader = readers.first(where: { $0.name == arguments[place + 1] })
    {
      try replay(reader, seed: seed, iteration: iteration, keep: option("--keep"))
    } else if let seconds = arguments.first.flatMap(Double.init) {
      let share = (option("--share") ?? "0/1").split(separator: "/").compactMap { Int($0) }
      guard share.count == 2, share[1] > 0 else { usage() }
      let own = readers.enumerated().filter { $0.offset % share[1] == share[0] }.map(\.element)
      try run(own, seconds: seconds, seed: option("--seed").flatMap(UInt64.init) ?? 1, state: option("--state"))
    } else {
      usage()
    }
  }

  private static func usage() -> Never {
    print("usage: GlissadeFuzz SECONDS [--seed N] [--share I/N] [--state FILE] | GlissadeFuzz --replay READER SEED ITERATION [--keep FILE]")
    exit(2)
  }

  /// Two gigabytes of address space: what asks for more gets nothing, which ends the process.
  private static func limit() {
    var limit = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  private static func run(_ readers: [Reader], seconds: Double, seed: UInt64, state: String?) throws {
    let file = open(state ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Unwritable(path: state ?? "/dev/null") }
    for reader in readers {
      let deadline = ContinuousClock.now + .seconds(seconds)
      var iteration: UInt64 = 0
      var accepted = 0
      while ContinuousClock.now < deadline {
        // Always as long, so that nothing of the note before is left.
        let text = Array("\(reader.name) \(seed) \(iteration) ".utf8)
        let note = text + [UInt8](repeating: UInt8(ascii: " "), count: max(0, 63 - text.count)) + [UInt8(ascii: "\n")]
        pwrite(file, note, note.count, 0)
        // Far more than any input takes.
        alarm(20)
        if try reader.read(reader.input(seed: seed, iteration: iteration)) { accepted += 1 }
        iteration += 1
      }
      alarm(0)
      print("\(reader.name): \(iteration) damaged files with seed \(seed), of which \(accepted) were accepted")
    }
    close(file)
  }

  private static func replay(_ reader: Reader, seed: UInt64, iteration: UInt64, keep: String?) throws {
    let input = reader.input(seed: seed, iteration: iteration)
    if let keep {
      let file = open(keep, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard file >= 0, write(file, input, input.count) == input.count else { throw Unwritable(path: keep) }
      close(file)
    }
    print("\(reader.name): \(input.count) bytes")
    print(try reader.read(input) ? "accepted" : "refused")
  }
}

private struct Unwritable: Error {
  let path: String
}
