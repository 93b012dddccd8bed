/// Fashion-MNIST: 60 000 training and 10 000 test images of clothes, 28 × 28 grey, ten classes.
///
/// H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017.
public enum FashionMNIST {
  /// Where Debian and Ubuntu's package `dataset-fashion-mnist` puts it.
  public static let systemPath = "/usr/share/datasets/fashion-mnist"

  /// The ten classes, in label order.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Mean and standard deviation of the training images: 0.2860 and 0.3530.
  public static let normalization = Normalization(unchecked: [0.2860], [0.3530])

  /// The dataset in a folder, by default the one of the Debian package; nothing is read yet.
  public static func folder(_ path: String? = nil) -> IDXFolder {
    IDXFolder(
      path: path ?? systemPath, classNames: classNames, normalization: normalization, expectedShape: [28, 28, 1],
      hint: "install it with: apt install dataset-fashion-mnist, or name a folder that holds it")
  }

  /// Reads one part, from a folder or from where the Debian package puts it.
  /// - Throws: `DataError`; see `IDXFolder.load`. Where the dataset is absent, it says how to get it.
  public static func load(_ part: IDXFolder.Part, folder path: String? = nil) throws(DataError) -> ImageDataset {
    try folder(path).load(part)
  }
}
