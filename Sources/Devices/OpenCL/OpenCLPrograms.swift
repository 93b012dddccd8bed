import COpenCL
import GlissadeKernels
import GlissadePlanning
import Synchronization

/// The programs of a device: one for each kernel, or one for all library kernels that a plan is the first to use, and one for the elementwise
/// chains of a plan. Built once per process, and read from the disk cache where an earlier process built the same.
final class OpenCLPrograms: @unchecked Sendable {
  private let candidate: OpenCLCandidate
  private let context: cl_context
  /// What every program is built with, a register tile besides.
  private let commonOptions: String
  /// The register tile of plans that ask for none.
  private let tile: RegisterTile
  private let status: OpenCLStatus
  private let cache: ProgramCache
  /// PoCL has a disk cache of its own and compiles every kernel anew when it is asked for a program's binary, which would triple the time to
  /// the first step. It also reads OpenCL's own declarations again for every program, a fifth of a second each, and generates code for a kernel
  /// only when it is first enqueued; so there a plan's new kernels share one program.
  private let driverKeepsPrograms: Bool
  /// By options and source.
  private let built = Mutex<[String: Program]>([:])
  /// Kernels that share a program, each with the parts of epilogues that it was compiled with.
  private let sharing = Mutex<[TiledKernel: (program: Program, parts: KernelParts)]>([:])

  /// A kernel's name, and the register tile that it is compiled with.
  private struct TiledKernel: Hashable {
    var name: String
    var tile: RegisterTile
  }

  /// The handle may cross threads.
  private struct Program: @unchecked Sendable { let handle: cl_program }

  /// Which family each library kernel is in.
  private static let families: [String: Int] = {
    var numbers: [String: Int] = [:]
    for index in 0..<glissade_family_count() { numbers[String(cString: glissade_family_name(index))] = index }
    var result: [String: Int] = [:]
    let library = glissade_native_library(0)
    for kernel in UnsafeBufferPointer(start: library.first, count: library.count) {
      result[String(cString: kernel.name)] = numbers[String(cString: kernel.family)]
    }
    for index in 0..<glissade_text_kernel_count() {
      result[String(cString: glissade_text_kernel_name(index))] = numbers[String(cString: glissade_text_kernel_family(index))]
    }
    return result
  }()

  init(_ candidate: OpenCLCandidate, context: cl_context, options: String, tile: RegisterTile, cache: ProgramCache? = nil) {
    self.candidate = candidate
    self.context = context
    commonOptions = options
    self.tile = tile
    status = OpenCLStatus(device: candidate.information.identifier)
    driverKeepsPrograms = candidate.information.platform == "Portable Computing Language"
    self.cache = cache ?? ProgramCache(device: candidate.information, platformVersion: candidate.platformVersion)
  }

  /// The sources of the programs that hold some of the library's kernels.
  static func librarySources(of kernels: [String]) -> [String] {
    kernels.compactMap { kernel in
      families[kernel].map { KernelText.program(from: String(cString: glissade_family_text($0)), keeping: [kernel]) }
    }
  }

  /// One program's source for several of the library's kernels, which do these parts of epilogues and no others. Families have include
  /// guards around what they share.
  static func sharedSource(of kernels: Set<String>, _ parts: KernelParts) -> String {
    Set(kernels.compactMap { families[$0] }).sorted().reduce(into: parts.definition) { text, family in
      text += KernelText.program(from: String(cString: glissade_family_text(family)), keeping: kernels)
    }
  }

  /// What a program is built with for a plan of this register tile.
  func options(for tile: RegisterTile?) -> String {
    let tile = tile ?? self.tile
    return "\(commonOptions) -DTILE_ROWS=\(tile.rows) -DTILE_COLUMNS=\(tile.columns)"
  }

  func release() {
    built.withLock { programs in
      for program in programs.values { clReleaseProgram(program.handle) }
      programs = [:]
    }
    sharing.withLock { $0 = [:] }
  }

  /// A kernel object for each launch, so that arguments stay set.
  func kernels(for plan: Plan) throws(DeviceError) -> [cl_kernel] {
    var chains: [ElementwiseChain: String] = [:]
    var chainText = ""
    for launch in plan.launches {
      guard case .elementwise(let chain) = launch.kernel, chains[chain] == nil else { continue }
      let name = "elementwise_\(chains.count)"
      chains[chain] = name
      chainText += ElementwiseSource.text(of: chain, name: name)
    }
    let options = options(for: plan.tile)
    var result: [cl_kernel] = []
    var known = driverKeepsPrograms ? try shared(by: plan, chainText) : [:]
    do throws(DeviceError) {
      for launch in plan.launches {
        let template: String
        let name: String
        var definitions = ""
        switch launch.kernel {
        case .library(let kernel): (template, name) = (kernel, kernel)
        case .elementwise(let chain): (template, name) = ("elementwise", chains[chain] ?? "")
        case .local(let kernel, let tile): (template, name, definitions) = (kernel, kernel, tile.definitions)
        }
        let key = definitions + template
        if known[key] == nil {
          guard let index = Self.families[template] else {
            throw DeviceError(device: status.device, call: "prepare", error: "no such kernel", kernel: name)
          }
          let text = definitions + KernelText.program(from: String(cString: glissade_family_text(index)), keeping: [template])
          known[key] = try program(template == "elementwise" ? text + chainText : text, template, launch.kernel.options(options))
        }
        if let program = known[key] { result.append(try kernel(name, in: program)) }
      }
    } catch {
      for kernel in result { clReleaseKernel(kernel) }
      throw error
    }
    return result
  }

  /// The library kernels of a plan by their programs. For those that no earlier plan used, or not with all parts of their epilogues, one is
  /// built, to which the plan's elementwise chains belong as well.
  private func shared(by plan: Plan, _ chainText: String) throws(DeviceError) -> [String: cl_program] {
    var needed: [String: KernelParts] = [:]
    for launch in plan.launches {
      guard case .library(let kernel) = launch.kernel, Self.families[kernel] != nil else { continue }
      needed[kernel, default: []].formUnion(launch.parts)
    }
    let tile = plan.tile ?? tile
    var known: [String: cl_program] = [:]
    sharing.withLock { sharing in
      for (kernel, parts) in needed {
        if let shared = sharing[TiledKernel(name: kernel, tile: tile)], shared.parts.isSuperset(of: parts) {
          known[kernel] = shared.program.handle
        }
      }
    }
    let missing = needed.filter { known[$0.key] == nil }
    if missing.isEmpty { return known }
    let names = Set(missing.keys)
    // Of all that the plan does, so that a later plan of the same network finds what it needs; and what earlier ones needed, which come again.
    var parts = needed.values.reduce(into: KernelParts()) { $0.formUnion($1) }
    sharing.withLock { sharing in
      for kernel in names { parts.formUnion(sharing[TiledKernel(name: kernel, tile: tile)]?.parts ?? []) }
    }
    let source = Self.sharedSource(of: chainText.isEmpty ? names : names.union(["elementwise"]), parts) + chainText
    let program = Program(handle: try program(source, names.sorted().joined(separator: ", "), options(for: tile)))
    let compiled = parts
    sharing.withLock { sharing in
      for kernel in names { sharing[TiledKernel(name: kernel, tile: tile)] = (program, compiled) }
    }
    for kernel in names { known[kernel] = program.handle }
    if !chainText.isEmpty { known["elementwise"] = program.handle }
    return known
  }

  private func kernel(_ name: String, in program: cl_program) throws(DeviceError) -> cl_kernel {
    var code: cl_int = 0
    guard let kernel = clCreateKernel(program, name, &code) else { throw status.error(code, "clCreateKernel", kernel: name) }
    return kernel
  }

  private func program(_ source: String, _ kernel: String, _ options: String) throws(DeviceError) -> cl_program {
    let key = options + "\n" + source
    if let known = built.withLock({ $0[key] }) { return known.handle }
    let program = try load(source, kernel, options)
    built.withLock { $0[key] = Program(handle: program) }
    return program
  }

  private func load(_ source: String, _ kernel: String, _ options: String) throws(DeviceError) -> cl_program {
    var device: cl_device_id? = candidate.device
    if let binary = cache.binary(source: source, options: options) {
      let program = binary.withUnsafeBufferPointer { bytes -> cl_program? in
        var (pointer, size): (UnsafePointer<UInt8>?, Int) = (bytes.baseAddress, bytes.count)
        var (binaryStatus, code): (cl_int, cl_int) = (0, 0)
        return clCreateProgramWithBinary(context, 1, &device, &size, &pointer, &binaryStatus, &code)
      }
      if let program {
        if clBuildProgram(program, 1, &device, options, nil, nil) == CL_SUCCESS { return program }
        clReleaseProgram(program)
      }
    }
    let program = try build(source, kernel, options)
    if !driverKeepsPrograms, let binary = binary(of: program) { cache.store(binary, source: source, options: options) }
    return program
  }

  private func build(_ source: String, _ kernel: String, _ options: String) throws(DeviceError) -> cl_program {
    var device: cl_device_id? = candidate.device
    var code: cl_int = 0
    let created = source.withCString { text -> cl_program? in
      var text: UnsafePointer<CChar>? = text
      return clCreateProgramWithSource(context, 1, &text, nil, &code)
    }
    guard let program = created else { throw status.error(code, "clCreateProgramWithSource", kernel: kernel) }
    code = clBuildProgram(program, 1, &device, options, nil, nil)
    guard code == CL_SUCCESS else {
      let log = OpenCLDiscovery.text {
        clGetProgramBuildInfo(program, candidate.device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
      }
      clReleaseProgram(program)
      throw status.error(code, "clBuildProgram", kernel: kernel, detail: String(log.prefix(2000)))
    }
    return program
  }

  private func binary(of program: cl_program) -> [UInt8]? {
    var size = 0
    guard clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil) == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let code = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return clGetProgramInfo(program, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    return code == CL_SUCCESS ? bytes : nil
  }
}

extension Launch.Kernel {
  /// The options that its program is built with. OpenCL 1.2 knows no sub-groups.
  fileprivate func options(_ usual: String) -> String {
    guard case .local(_, let tile) = self, tile.subgroup > 0, let range = usual.firstRange(of: "CL1.2") else { return usual }
    return usual[..<range.lowerBound] + "CL2.0" + usual[range.upperBound...]
  }
}
