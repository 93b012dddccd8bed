/// An OpenCL library that makes the processor's driver look like a GPU's: it says what real devices say, and bears no more than they do.
///
/// A process opens one OpenCL library for good, so this is for child processes: give the child ``environment(_:)``.
public enum PretendingOpenCL {
  /// Every device that it can be, by its name in `Tests/PretendingOpenCL/profiles.c`.
  public static let profiles = [
    "nvidia-desktop", "nvidia-datacenter", "amd-rdna", "amd-gcn", "intel-xe", "arm-mali", "arm-mali-bifrost", "qualcomm-adreno", "apple",
    "small-64", "small-1",
  ]

  /// The environment variables under which Glissade opens the pretending library.
  /// - Parameter device: a profile's name and variations, separated by commas, as `Tests/PretendingOpenCL/settings.c` lists them:
  ///   `apple,memory=512,lazy`.
  public static func environment(_ device: String) throws -> [String: String] {
    ["GLISSADE_OPENCL_LIBRARY": try library(), "GLISSADE_PRETEND": device]
  }

  /// The path of the library, which is compiled beside the test bundle by the first call in a process.
  public static func library() throws -> String { try built.get() }

  private static let built = Result { try LibraryInFront.build("PretendingOpenCL") }
}
