import GlissadeTensors

/// One kernel launch: a plain value that a device turns into an enqueue or a call.
public struct Launch: Sendable {
  /// Which code runs.
  public enum Kernel: Hashable, Sendable {
    /// A kernel of the library, by name.
    case library(String)
    /// An elementwise chain: generated source on OpenCL, the tile interpreter natively.
    case elementwise(ElementwiseChain)
    /// A recorded update rule: generated source on OpenCL, an interpreter natively.
    case update(UpdateChain)
    /// A kernel of the library that exists as OpenCL C only, built for a tile in local memory.
    case local(String, LocalTile)
  }

  public var kernel: Kernel
  /// Its buffer arguments, in order.
  public var buffers: [BufferReference]
  /// Its parameter struct.
  public var parameters: [UInt8]
  /// The index space.
  public var items: (Int, Int, Int)
  /// What its kernel has to do to sums before it stores them.
  public var parts: KernelParts = []
  /// What it is for.
  public var note: Note
  /// What it writes.
  public var writes: [Slice]
  /// What it reads.
  public var reads: [Slice]
  /// What of that which it writes are whole numbers, whose bits are no floats.
  package var wholeNumbers: [Slice] = []

  /// What a launch is for, and what it costs.
  public struct Note: Sendable {
    /// The operation, as in `conv2d + bias + relu`.
    public var operation: String
    /// The layer.
    public var path: String
    /// The result's shape.
    public var shape: Shape
    /// Floating-point operations.
    public var flops: Int

    public init(_ operation: String, path: String = "", shape: Shape = [], flops: Int = 0) {
      self.operation = operation
      self.path = path
      self.shape = shape
      self.flops = flops
    }
  }

  /// Bytes read and written, each slice once.
  public var byteCount: Int { 4 * (reads.reduce(0) { $0 + $1.count } + writes.reduce(0) { $0 + $1.count }) }

  /// The kernel's name for people.
  public var kernelName: String {
    switch kernel {
    case .library(let name): name
    case .elementwise(let chain): "elementwise(\(chain.instructions.count))"
    case .update(let chain): "\(chain.takesSums ? "norms" : "update")(\(chain.instructions.count))"
    case .local(let name, _): name
    }
  }

  /// Whether it is a convolution by Winograd's algorithm, forward, backward or of weights.
  package var mixesPixels: Bool { [.library("winograd"), .library("winograd_weight_products")].contains(kernel) }

  /// How many work-items, neighbours in the first dimension, have to be a work-group; `nil` where it does not matter.
  public var groupSize: Int? {
    guard case .local(_, let tile) = kernel else { return nil }
    return tile.groupSize
  }
}

/// The launches of a step with their arguments, and its memory map.
public struct Plan: Sendable {
  /// In the order in which they run.
  public internal(set) var launches: [Launch] = []
  /// Where the host puts each input.
  public internal(set) var inputs: [String: (slice: Slice, type: TensorType)] = [:]
  /// Where the values that the host reads are.
  public internal(set) var outputs: [String: (slice: Slice, type: TensorType)] = [:]
  /// Elements of each arena of intermediate values; more than one only where one would be larger than the device's buffers can be.
  public internal(set) var activationSizes = [0]
  /// Elements of all arenas of intermediate values together.
  public var activationsSize: Int { activationSizes.reduce(0, +) }
  /// Elements of the input arena.
  public internal(set) var inputsSize = 0
  /// What tables hold that launches read, by their buffers. The same for all plans of a layout.
  public internal(set) var tables: [BufferReference: [Int32]] = [:]
  /// Elements of zeros that must be there.
  public internal(set) var zerosSize = 0
  /// What the buffer of constant arrays holds, slack included; empty where there are none.
  public internal(set) var arrays: [UInt32] = []
  /// The first launch that changes parameters or statistics; those before it only compute.
  public internal(set) var firstUpdate = 0
  /// What all intermediate values would take without sharing memory, in elements.
  public internal(set) var unsharedSize = 0
  /// The largest of what has to be in one buffer and is larger than the device's buffers can be: such a plan cannot be run. `nil` where
  /// everything fits.
  public internal(set) var oversized: OversizedBuffer?
  /// The register tile that its products were cut for; `nil` where there are none.
  public internal(set) var tile: RegisterTile?
  /// Where slots went, while the plan is being made.
  var slices: [Slice] = []

  /// The inputs' names in the order in which the host hands them over.
  public var inputNames: [String] { inputs.keys.sorted { inputs[$0]?.slice.offset ?? 0 < inputs[$1]?.slice.offset ?? 0 } }

  /// The layers whose convolutions, or their gradients, mix pixels beyond their filter's reach, in the order in which they first run: rounding
  /// errors there are in proportion to the largest number of a tile of 6×6 pixels, and an infinity spoils the whole tile.
  public var mixingLayers: [String] {
    var paths: [String] = []
    for launch in launches where launch.mixesPixels && !paths.contains(launch.note.path) { paths.append(launch.note.path) }
    return paths
  }

  public var flops: Int { launches.reduce(0) { $0 + $1.note.flops } }
  public var byteCount: Int { launches.reduce(0) { $0 + $1.byteCount } }
}
