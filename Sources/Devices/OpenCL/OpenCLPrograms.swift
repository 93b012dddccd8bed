import COpenCL
import GlissadeKernels
import GlissadePlanning
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The programs of a device: one for each kernel, or one for all library kernels that a plan is the first to use, and one for the elementwise
/// chains of a plan. Built once per process, and read from the disk cache where an earlier process built the same.
final class OpenCLPrograms: @unchecked Sendable {
  private let candidate: OpenCLCandidate
  private let context: cl_context
  /// What every program is built with, a register tile besides.
  private let commonOptions: String
  /// The register tile of plans that ask for none.
  private let tile: RegisterTile
  /// Work-items of a group in kernels whose groups share rows, as far as the device says what it can bear; `nil` on processors.
  private let rowGroup: Int?
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

  /// A kernel's name, and the register tile that it is compiled with; the device's own where that makes no difference.
  private struct TiledKernel: Hashable {
    var name: String
    var tile: RegisterTile
  }

  /// A kernel object of a launch.
  struct BuiltKernel {
    var handle: cl_kernel
    var name: String
    /// The work-items that its groups have to have, if that matters.
    var group: Int?
    /// The largest group that it can be run in; known on GPUs only.
    var limit = 1
  }

  /// The generated kernels that are in a program already, by what that was built with.
  private let chains = Mutex<[BuiltChain: (program: Program, name: String)]>([:])

  private struct BuiltChain: Hashable {
    var chain: GeneratedKernel
    var options: String
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

  /// The kernels whose groups share rows.
  private static let rowKernels: Set<String> = {
    var result = Set<String>()
    for index in 0..<glissade_family_count() {
      for part in String(cString: glissade_family_text(index)).split(separator: "\n") where part.hasPrefix("__kernel ROW_KERNEL void ") {
        result.insert(String(part.dropFirst("__kernel ROW_KERNEL void ".count).prefix { $0 != "(" }))
      }
    }
    return result
  }()

  /// Whether a family's kernels have anything of the register tile, apart from its words, which all families begin with.
  private static let tiled: [Bool] = {
    let words = strlen(glissade_scalar_text())
    return (0..<glissade_family_count()).map { strstr(glissade_family_text($0) + words, "TILE_") != nil }
  }()

  /// The register tile with which a kernel is compiled for a plan, or `nil` where it is the same with each: plans of different tiles share it.
  private static func tile(_ tile: RegisterTile?, of kernel: String) -> RegisterTile? {
    families[kernel].map { tiled[$0] } == false ? nil : tile
  }

  init(
    _ candidate: OpenCLCandidate, context: cl_context, options: String, tile: RegisterTile, rowGroup: Int? = nil, cache: ProgramCache? = nil
  ) {
    self.rowGroup = rowGroup
    self.candidate = candidate
    self.context = context
    commonOptions = options
    self.tile = tile
    status = OpenCLStatus(device: candidate.information.identifier)
    driverKeepsPrograms = candidate.isPoCL
    self.cache = cache ?? ProgramCache(device: candidate.information, platformVersion: candidate.properties.platformVersion)
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

  /// The text of each family of kernels, as a key.
  private static let familyKeys: [String] = (0..<glissade_family_count()).map {
    KernelVerdicts.hash(String(cString: glissade_family_text($0)))
  }

  /// What tells a launch's kernel from others that may compute something else: its text, what it is built with, and what it is to do.
  func verdictKey(of launch: Launch, tile: RegisterTile?) -> String {
    let generated = GeneratedKernel(launch.kernel)
    var text = options(for: Self.tile(tile, of: generated?.template ?? launch.kernelName))
    switch launch.kernel {
    case .library(let name): text += "\n\(name) \(launch.parts.rawValue) \(Self.families[name].map { Self.familyKeys[$0] } ?? "")"
    case .elementwise, .update:
      if let kernel = generated {
        text += "\n\(kernel.text(name: "chain")) \(Self.families[kernel.template].map { Self.familyKeys[$0] } ?? "")"
      }
    case .local(let name, let tile): text += "\n\(tile.definitions)\(name) \(Self.families[name].map { Self.familyKeys[$0] } ?? "")"
    }
    return KernelVerdicts.hash(text)
  }

  /// What a program is built with for a plan of this register tile.
  /// - Parameter rows: work-items of groups that share rows; `nil` for what the device can bear.
  func options(for tile: RegisterTile?, rows: Int? = nil) -> String {
    let tile = tile ?? self.tile
    let rows = rows ?? rowGroup ?? Self.usualRowGroup
    return "\(commonOptions) -DTILE_ROWS=\(tile.rows) -DTILE_COLUMNS=\(tile.columns)" + Self.option(ofRowGroup: rows)
  }

  /// What kernels have by themselves.
  private static let usualRowGroup = 64

  private static func option(ofRowGroup rows: Int) -> String { rows == usualRowGroup ? "" : " -DROW_GROUP=\(rows)" }

  func release() {
    built.withLock { programs in
      for program in programs.values { clReleaseProgram(program.handle) }
      programs = [:]
    }
    sharing.withLock { $0 = [:] }
    chains.withLock { $0 = [:] }
  }

  /// A kernel object for each launch, so that arguments stay set.
  func kernels(for plan: Plan) throws(DeviceError) -> [BuiltKernel] {
    var names: [GeneratedKernel: String] = [:]
    var known: [String: Built] = [:]
    // What a plan before has made need not be made again; what is new is one program for each family.
    var texts: [String: String] = [:]
    var fresh: [GeneratedKernel] = []
    for launch in plan.launches {
      guard let chain = GeneratedKernel(launch.kernel), names[chain] == nil else { continue }
      let options = options(for: Self.tile(plan.tile, of: chain.template))
      if let built = chains.withLock({ $0[BuiltChain(chain: chain, options: options)] }) {
        // Two programs may have chains of the same name.
        names[chain] = "\(names.count)"
        known["chain \(names.count - 1)"] = Built(program: built.program.handle, name: built.name)
      } else {
        let name = "\(chain.template)_\(fresh.count)"
        names[chain] = "\(names.count)"
        known["chain \(names.count - 1)"] = Built(program: nil, name: name)
        fresh.append(chain)
        texts[chain.template, default: ""] += chain.text(name: name)
      }
    }
    if driverKeepsPrograms { try shareKernels(of: plan, texts, &known) }
    for (template, chainText) in texts.sorted(by: { $0.key < $1.key }) {
      let options = options(for: Self.tile(plan.tile, of: template))
      var shared = known[template]?.program
      if shared == nil { shared = try program(try text(of: template, keeping: [template]) + chainText, template, options) }
      guard let program = shared else { throw DeviceError(device: status.device, call: "prepare", error: "no program") }
      for chain in fresh where chain.template == template {
        let key = "chain \(names[chain] ?? "")"
        known[key]?.program = program
        chains.withLock {
          $0[BuiltChain(chain: chain, options: options)] = (Program(handle: program), known[key]?.name ?? "")
        }
      }
    }
    var result: [BuiltKernel] = []
    do throws(DeviceError) {
      for launch in plan.launches {
        let key: String
        switch launch.kernel {
        case .library(let name): key = name
        case .elementwise, .update: key = "chain \(GeneratedKernel(launch.kernel).flatMap { names[$0] } ?? "")"
        case .local(let name, let tile): key = tile.definitions + name
        }
        let (kernel, built) = try makeKernel(of: launch, known[key], plan.tile)
        known[key] = built
        result.append(kernel)
      }
    } catch {
      for kernel in result { clReleaseKernel(kernel.handle) }
      throw error
    }
    return result
  }

  /// A kernel's program, its name there, and the work-items of its groups where they share rows.
  private struct Built {
    var program: cl_program?
    var name: String
    var rows: Int?
    var limit: Int?
  }

  private func text(of template: String, keeping names: Set<String>) throws(DeviceError) -> String {
    guard let index = Self.families[template] else {
      throw DeviceError(device: status.device, call: "prepare", error: "no such kernel", kernel: template)
    }
    return KernelText.program(from: String(cString: glissade_family_text(index)), keeping: names)
  }

  /// A launch's kernel object. A kernel whose groups share rows is built for smaller groups where its driver cannot bear larger ones.
  private func makeKernel(of launch: Launch, _ known: Built?, _ tile: RegisterTile?) throws(DeviceError) -> (BuiltKernel, Built) {
    var (template, definitions) = (launch.kernelName, "")
    if case .local(_, let tile) = launch.kernel { definitions = tile.definitions }
    if GeneratedKernel(launch.kernel) != nil { template = known?.name ?? "" }
    let sharesRows = rowGroup != nil && Self.rowKernels.contains(template)
    var built = known ?? Built(program: nil, name: template)
    if sharesRows, built.rows == nil { built.rows = rowGroup }
    while true {
      do throws(DeviceError) {
        if built.program == nil {
          let options = launch.kernel.options(options(for: Self.tile(tile, of: launch.kernelName), rows: built.rows))
          built.program = try program(definitions + text(of: template, keeping: [template]), template, options)
        }
        guard let program = built.program else { throw DeviceError(device: status.device, call: "prepare", error: "no program") }
        let handle = try kernel(built.name, in: program)
        var result = BuiltKernel(handle: handle, name: built.name, group: built.rows ?? launch.groupSize)
        guard rowGroup != nil else { return (result, built) }
        let limit = built.limit ?? self.limit(of: handle, built.name)
        built.limit = limit
        result.limit = limit
        if let group = result.group, group > limit {
          clReleaseKernel(handle)
          throw DeviceError(
            device: status.device, call: "prepare", error: "a work-group that is too large", kernel: built.name,
            detail: limit > 0
              ? "it needs \(group) work-items, and its driver can run it with \(limit)" : "its driver has too little local memory for it")
        }
        return (result, built)
      } catch {
        // A driver that fails to build a kernel for a group's size may well build it without any.
        guard let rows = built.rows, rows > 1 else { throw error }
        let limit = built.limit ?? 1
        built = Built(program: nil, name: template, rows: LaunchPieces.powerOfTwo(atMost: max(min(limit, rows / 2), 1)))
      }
    }
  }

  /// The largest work-group in which a kernel can be run; 0 where its local memory is more than the device has.
  private func limit(of kernel: cl_kernel, _ name: String) -> Int {
    func number<Value: FixedWidthInteger>(_ key: Int32, _ type: Value.Type) -> Value? {
      var value: Value = 0
      let code = clGetKernelWorkGroupInfo(
        kernel, candidate.device, cl_kernel_work_group_info(key), MemoryLayout<Value>.size, &value, nil)
      return code == CL_SUCCESS ? value : nil
    }
    let local = number(CL_KERNEL_LOCAL_MEM_SIZE, cl_ulong.self) ?? 0
    if local > candidate.groupLimits.localBytes { return 0 }
    return number(CL_KERNEL_WORK_GROUP_SIZE, Int.self) ?? candidate.groupLimits.items
  }

  /// The library kernels of a plan by their programs. For those that no earlier plan used, or not with all parts of their epilogues, one is
  /// built, to which the plan's generated kernels belong as well.
  /// - Parameter texts: these, by the kernel whose family defines their words.
  private func shareKernels(of plan: Plan, _ texts: [String: String], _ all: inout [String: Built]) throws(DeviceError) {
    var needed: [String: KernelParts] = [:]
    for launch in plan.launches {
      guard case .library(let kernel) = launch.kernel, Self.families[kernel] != nil else { continue }
      needed[kernel, default: []].formUnion(launch.parts)
    }
    func tiled(_ kernel: String) -> TiledKernel { TiledKernel(name: kernel, tile: Self.tile(plan.tile, of: kernel) ?? tile) }
    var known: [String: cl_program] = [:]
    sharing.withLock { sharing in
      for (kernel, parts) in needed {
        if let shared = sharing[tiled(kernel)], shared.parts.isSuperset(of: parts) {
          known[kernel] = shared.program.handle
        }
      }
    }
    defer { for (kernel, program) in known { all[kernel] = Built(program: program, name: kernel) } }
    let missing = needed.filter { known[$0.key] == nil }
    if missing.isEmpty { return }
    let names = Set(missing.keys)
    // Of all that the plan does, so that a later plan of the same network finds what it needs; and what earlier ones needed, which come again.
    var parts = needed.values.reduce(into: KernelParts()) { $0.formUnion($1) }
    sharing.withLock { sharing in
      for kernel in names { parts.formUnion(sharing[tiled(kernel)]?.parts ?? []) }
    }
    let chainText = texts.sorted { $0.key < $1.key }.map(\.value).joined()
    let source = Self.sharedSource(of: names.union(texts.keys), parts) + chainText
    let program = Program(handle: try program(source, names.sorted().joined(separator: ", "), options(for: plan.tile)))
    let compiled = parts
    sharing.withLock { sharing in
      for kernel in names { sharing[tiled(kernel)] = (program, compiled) }
    }
    for kernel in names { known[kernel] = program.handle }
    for template in texts.keys { known[template] = program.handle }
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
        if DriverOutput.kept({ clBuildProgram(program, 1, &device, options, nil, nil) }) == CL_SUCCESS { return program }
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
    code = DriverOutput.kept { clBuildProgram(program, 1, &device, options, nil, nil) }
    guard code == CL_SUCCESS else {
      let log = OpenCLDiscovery.text {
        clGetProgramBuildInfo(program, candidate.device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
      }
      clReleaseProgram(program)
      throw status.error(
        code, "clBuildProgram", kernel: kernel, detail: log.isEmpty ? "its compiler gave no reason" : String(log.prefix(2000)))
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
