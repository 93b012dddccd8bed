import GlissadeDevices
import GlissadeFormats

/// What the program is asked to do.
struct Arguments {
  /// Which devices.
  enum Devices: Equatable {
    case all, cpu, openCL
    /// `opencl:P.D`.
    case one(String)
  }

  var devices = Devices.all
  var filter: String?
  var json: String?
  var seed: UInt64 = 0
  var graphs = 0
  var lists = false
  var wantsHelp = false

  static let usage = """
    usage: GlissadeConformance [--device opencl|opencl:P.D|cpu|all] [--filter NAME] [--json FILE] [--seed N] [--graphs N] [--list]

    Compares each operation and its gradient with a float64 reference, on every device, and names the cases that differ. CPUs that OpenCL
    has are tested twice, the second time with the kernels of a GPU.

      --device NAME  opencl: every OpenCL device; opencl:P.D: that one; cpu: the processor at each of its instruction sets. (default: all)
      --filter NAME  Only cases with this in their name; --list shows the names.
      --json FILE    Write the findings to this file, again after each table.
      --seed N       Other random numbers; 0 are those of the tests. (default: 0)
      --graphs N     Also N steps of eight random graphs each, of which plans and devices have to make the same. (default: 0)
      --list         List the cases and run none.

    Ends with status 0 where all cases pass, 1 where some fail, 2 for arguments that make no sense.

    """

  struct Misuse: Error, CustomStringConvertible {
    let description: String
  }

  init(_ words: [String]) throws(Misuse) {
    var rest = words[...]
    while let word = rest.popFirst() {
      func value() throws(Misuse) -> String {
        guard let value = rest.popFirst() else { throw Misuse(description: "\(word) needs a value") }
        return value
      }
      switch word {
      case "--device": devices = try Self.devices(try value())
      case "--filter": filter = try value()
      case "--json": json = try value()
      case "--seed":
        let text = try value()
        guard let number = UInt64(text) else {
          throw Misuse(description: "--seed is '\(printable(text))', and it has to be a number from 0")
        }
        seed = number
      case "--graphs":
        let text = try value()
        guard let number = Int(text), (0...1_000_000).contains(number) else {
          throw Misuse(description: "--graphs is '\(printable(text))', and it has to be a number from 0 to 1000000")
        }
        graphs = number
      case "--list": lists = true
      case "--help", "-h": wantsHelp = true
      default: throw Misuse(description: "unknown argument '\(printable(word))'; --help lists what there is")
      }
    }
  }

  private static func devices(_ text: String) throws(Misuse) -> Devices {
    if text == "all" { return .all }
    switch DeviceRequest(text) {
    case .cpu: return .cpu
    case .openCL: return .openCL
    case .openCLDevice: return .one(text)
    case .auto, nil:
      throw Misuse(description: "--device is '\(printable(text))', and it has to be opencl, opencl:P.D, cpu or all")
    }
  }
}
