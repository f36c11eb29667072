# Builds the classes of a CUDA strategy. Included by each generated CMakeLists.txt.
#
#   add_cuda_class(NAME FOLDER [FIRST_STAGE] [LAST_STAGE])
#
# makes the executable NAME from the sources in FOLDER, the ops that a rank of its stage needs, and the runtime.
#
# Two builds in two folders give the same bytes: temporary files have fixed names (-objtemp), paths are cut off, and no
# kernel is in an anonymous namespace, whose symbols hold a hash of the absolute path.
#
# RANKC_CUDA_ON_CPU: a folder that takes the Toolkit's place, so that the same sources are C++ for a processor. The
# tests of rankc have one.
set(RANKC_CUDA_ON_CPU "" CACHE PATH "what takes the CUDA Toolkit's place, to run on a processor")
set(RANKC_CUDA_ARCHITECTURES "80-real;90-real;100" CACHE STRING "compute capabilities; the last one as PTX too")
set(WARNINGS -Wall -Wextra -Werror)

if(RANKC_CUDA_ON_CPU)
  enable_language(CXX)
  set(CMAKE_CXX_STANDARD 17)
  set(CUDA_LANGUAGE CXX)
  set(CUDA_FLAGS -x c++ -O2 -ffp-contract=off ${WARNINGS} -Wno-unknown-pragmas)
  include_directories(BEFORE ${RANKC_CUDA_ON_CPU}/include) # its cuda/kernels/tensor_core.cuh goes first too
  add_link_options(-rdynamic -Wl,-rpath,${RANKC_CUDA_ON_CPU}/lib)
else()
  set(CMAKE_CUDA_ARCHITECTURES ${RANKC_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
  set(CMAKE_CUDA_FLAGS_RELEASE "-O3")
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  find_path(NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
  set(CUDA_LANGUAGE CUDA)
  set(CUDA_FLAGS -objtemp -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror
                 -Xcompiler=-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.,-ffile-prefix-map=${RANKC_RUNTIME}=runtime)
  set(CUDA_INCLUDES ${CUDAToolkit_INCLUDE_DIRS} ${NCCL_INCLUDE})
  set(CUDA_LIBRARIES CUDA::cudart_static)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,-s)
endif()

# The life of a rank, in C.
file(GLOB LIFE_SOURCES ${RANKC_RUNTIME}/*.c ${RANKC_RUNTIME}/transport/*.c ${RANKC_RUNTIME}/cuda/*.c
     ${RANKC_RUNTIME}/cuda/start/*.c)
add_library(rankc_cuda_life STATIC ${LIFE_SOURCES})
target_include_directories(rankc_cuda_life PUBLIC ${RANKC_RUNTIME} ${RANKC_RUNTIME}/kernels SYSTEM ${CUDA_INCLUDES})
target_compile_options(rankc_cuda_life PRIVATE ${WARNINGS} -ffile-prefix-map=${RANKC_RUNTIME}=runtime)
target_link_libraries(rankc_cuda_life PUBLIC ${CUDA_LIBRARIES} dl pthread rt m)

set(OPS ${RANKC_RUNTIME}/cuda/ops)
set(OPS_OF_ALL rotary residual attention route places dispatch combine sums stage matmul experts)
set(OPS_OF_FIRST_STAGE embed)
set(OPS_OF_LAST_STAGE head logits sample)

function(add_cuda_class name folder)
  set(ops ${OPS_OF_ALL})
  foreach(stage ${ARGN})
    list(APPEND ops ${OPS_OF_${stage}})
  endforeach()
  list(TRANSFORM ops REPLACE "(.+)" "${OPS}/\\1.cu")
  set(sources ${folder}/schedule_prefill.cu ${folder}/schedule_decode.cu ${ops})
  set_source_files_properties(${sources} PROPERTIES LANGUAGE ${CUDA_LANGUAGE})
  add_executable(${name} ${folder}/main.c ${sources})
  target_compile_options(${name} PRIVATE "$<$<COMPILE_LANGUAGE:${CUDA_LANGUAGE}>:${CUDA_FLAGS}>")
  target_compile_options(${name} PRIVATE "$<$<COMPILE_LANGUAGE:C>:${WARNINGS}>")
  target_include_directories(${name} PRIVATE ${folder} .)
  target_link_libraries(${name} PRIVATE rankc_cuda_life)
endfunction()
