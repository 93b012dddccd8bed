#pragma once
#include <stdio.h>  // jpeglib.h uses FILE and does not include what declares it

#include <jpeglib.h>
