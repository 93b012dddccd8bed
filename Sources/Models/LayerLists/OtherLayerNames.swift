/// What other libraries call layers that have a name here.
enum OtherLayerNames {
  private static let names = [
    "linear": "dense", "fc": "dense", "fully_connected": "dense", "conv1d": "conv", "conv2d": "conv", "convolution": "conv",
    "convtranspose2d": "conv_transpose", "conv2dtranspose": "conv_transpose", "deconv": "conv_transpose",
    "depthwiseconv2d": "depthwise_conv",
    "separableconv2d": "separable_conv", "maxpool2d": "max_pool", "maxpooling2d": "max_pool", "maxpool1d": "max_pool",
    "avgpool2d": "average_pool",
    "averagepooling2d": "average_pool", "avg_pool": "average_pool", "adaptiveavgpool2d": "adaptive_average_pool",
    "globalaveragepooling2d": "global_average_pool", "gap": "global_average_pool", "batchnorm1d": "batch_norm", "batchnorm2d": "batch_norm",
    "batchnormalization": "batch_norm", "bn": "batch_norm", "instancenorm2d": "instance_norm", "dropout2d": "spatial_dropout",
    "spatialdropout2d": "spatial_dropout", "dropconnect": "dense", "drop_connect": "dense", "drop_path": "residual",
    "se": "squeeze_excitation",
    "sequential": "sequence", "concat": "concatenate", "zeropad2d": "pad", "swish": "silu",
  ]

  /// What something is called here, if it has a name elsewhere.
  static func meant(by name: String) -> String? { names[name.lowercased()] }
}
