# Builds the classes of a CUDA strategy. Included by each generated CMakeLists.txt.
#
#   add_cuda_class(NAME FOLDER [FIRST_STAGE] [LAST_STAGE])
#
# makes the executable NAME from the sources in FOLDER, the ops that a rank of its stage needs, and the runtime.
#
# The binary holds the CUDA runtime and needs libc at most; it opens the driver, NCCL and cuBLASLt when it starts.
# Two builds in two folders give the same bytes: temporary files have fixed names (-objtemp), paths are cut off, and no
# kernel is in an anonymous namespace, whose symbols hold a hash of the absolute path. CMake links with the host's
# linker; a link by nvcc would need the architectures again, or it adds an empty cubin of its default.
#
# The environment gives the defaults, so that `rankc build` takes these too:
set(RANKC_CUDA_ARCHITECTURES "80-real;90-real;100" CACHE STRING "compute capabilities; the last one as PTX too")
set(RANKC_STATIC_NCCL "$ENV{RANKC_STATIC_NCCL}" CACHE FILEPATH "libnccl_static.a, to hold NCCL, too")
set(RANKC_STATIC_CUBLASLT "$ENV{RANKC_STATIC_CUBLASLT}" CACHE FILEPATH "libcublasLt_static.a, to hold cuBLASLt, too")
# A folder (include/, lib/libcuda_on_cpu.so) that takes the Toolkit's place: the same sources are C++ for a processor
# then, with one of g++'s sanitizers if asked. The tests of rankc have one.
set(RANKC_CUDA_ON_CPU "$ENV{RANKC_CUDA_ON_CPU}" CACHE PATH "what takes the CUDA Toolkit's place")
set(RANKC_CUDA_SANITIZE "$ENV{RANKC_CUDA_SANITIZE}" CACHE STRING "with RANKC_CUDA_ON_CPU: thread or address")

set(CMAKE_CXX_STANDARD 17)
enable_language(CXX)
set(C_FLAGS -Wall -Wextra -Werror -ffile-prefix-map=${RANKC_RUNTIME}=runtime
            -ffile-prefix-map=${CMAKE_BINARY_DIR}=build -ffile-prefix-map=${CMAKE_SOURCE_DIR}=sources)
set(CXX_FLAGS -x c++ -O2 -ffp-contract=off ${C_FLAGS} -Wno-unknown-pragmas)

# Ends with one line, which `rankc build` shows. CMake's own errors begin with where they are and break lines.
function(give_up line)
  message(NOTICE "error: ${line}")
  message(FATAL_ERROR "see the line above")
endfunction()

macro(use_processor)
  set(OPS_LANGUAGE CXX)
  include_directories(${RANKC_CUDA_ON_CPU}/include) # before the runtime's
  set(CUDA_LIBRARIES ${RANKC_CUDA_ON_CPU}/lib/libcuda_on_cpu.so)
  add_link_options(-rdynamic -Wl,-rpath,${RANKC_CUDA_ON_CPU}/lib)
  if(RANKC_CUDA_SANITIZE)
    add_compile_options(-fsanitize=${RANKC_CUDA_SANITIZE} -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${RANKC_CUDA_SANITIZE})
  endif()
endmacro()

# $CUDACXX, or nvcc in PATH or where the Toolkit's installer leaves it.
macro(find_nvcc)
  set(compiler nvcc)
  if(NOT "$ENV{CUDACXX}" STREQUAL "")
    set(compiler "$ENV{CUDACXX}")
  endif()
  find_program(CMAKE_CUDA_COMPILER NAMES ${compiler} PATHS /usr/local/cuda/bin)
  if(NOT CMAKE_CUDA_COMPILER)
    give_up("${compiler} is not installed, which compiles ranks of device \"cuda\"; install the CUDA Toolkit, \
12.8 or newer, and put nvcc in PATH or name it in CUDACXX")
  endif()
  enable_language(CUDA)
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
    give_up("${CMAKE_CUDA_COMPILER} is of CUDA ${CMAKE_CUDA_COMPILER_VERSION}, which does not know every GPU that ranks \
are for; install the CUDA Toolkit, 12.8 or newer")
  endif()
endmacro()

function(find_header variable header package)
  find_path(${variable} ${header} HINTS ${CUDAToolkit_INCLUDE_DIRS})
  if(NOT ${variable})
    give_up("${header} is not there; install ${package}, or name its folder with -D${variable}=...")
  endif()
endfunction()

macro(use_toolkit)
  find_nvcc()
  set(CMAKE_CUDA_ARCHITECTURES ${RANKC_CUDA_ARCHITECTURES})
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
  set(CMAKE_CUDA_FLAGS_RELEASE "-O3")
  find_package(CUDAToolkit REQUIRED)
  find_header(RANKC_NCCL_INCLUDE nccl.h "NCCL's headers (libnccl-dev)")
  find_header(RANKC_CUBLASLT_INCLUDE cublasLt.h "cuBLAS's headers (of the CUDA Toolkit)")
  set(OPS_LANGUAGE CUDA)
  # ptxas says what each kernel takes: registers, spills, shared memory. tests/cuda/resources.sh reads it.
  list(JOIN C_FLAGS "," host_flags)
  set(CUDA_FLAGS -objtemp -Xptxas=-v -Werror=all-warnings -Xcompiler=${host_flags})
  include_directories(SYSTEM ${CUDAToolkit_INCLUDE_DIRS} ${RANKC_NCCL_INCLUDE} ${RANKC_CUBLASLT_INCLUDE})
  set(CUDA_LIBRARIES CUDA::cudart_static)
  add_link_options(-static-libstdc++ -static-libgcc -Wl,-s)
endmacro()

if(RANKC_CUDA_ON_CPU)
  use_processor()
else()
  use_toolkit()
endif()

# The life of a rank, in C.
file(GLOB LIFE_SOURCES ${RANKC_RUNTIME}/*.c ${RANKC_RUNTIME}/transport/*.c ${RANKC_RUNTIME}/cuda/*.c
     ${RANKC_RUNTIME}/cuda/start/*.c)
add_library(rankc_cuda_life STATIC ${LIFE_SOURCES})
target_include_directories(rankc_cuda_life PUBLIC ${RANKC_RUNTIME} ${RANKC_RUNTIME}/kernels)
target_compile_options(rankc_cuda_life PRIVATE ${C_FLAGS})
target_link_libraries(rankc_cuda_life PUBLIC ${CUDA_LIBRARIES} dl pthread rt m)
foreach(library NCCL CUBLASLT)
  if(RANKC_STATIC_${library})
    target_compile_definitions(rankc_cuda_life PRIVATE RANKC_STATIC_${library})
    target_link_libraries(rankc_cuda_life PUBLIC ${RANKC_STATIC_${library}})
  endif()
endforeach()
if(RANKC_STATIC_CUBLASLT)
  target_link_libraries(rankc_cuda_life PUBLIC CUDA::culibos)
endif()

# All ops of a class are one translation unit, ops/all.cu: most of nvcc's time goes into the Toolkit's headers.
# Schedules launch no kernel, so they are C++.
function(add_cuda_class name folder)
  set(schedules ${folder}/schedule_prefill.cu ${folder}/schedule_decode.cu)
  set(ops ${RANKC_RUNTIME}/cuda/ops/all.cu)
  set_source_files_properties(${schedules} PROPERTIES LANGUAGE CXX)
  set_source_files_properties(${ops} PROPERTIES LANGUAGE ${OPS_LANGUAGE})
  add_executable(${name} ${folder}/main.c ${schedules} ${ops})
  target_compile_definitions(${name} PRIVATE ${ARGN})
  target_compile_options(${name} PRIVATE
    "$<$<COMPILE_LANGUAGE:C>:${C_FLAGS}>" "$<$<COMPILE_LANGUAGE:CXX>:${CXX_FLAGS}>"
    "$<$<COMPILE_LANGUAGE:CUDA>:${CUDA_FLAGS}>")
  target_include_directories(${name} PRIVATE ${folder} .)
  target_link_libraries(${name} PRIVATE rankc_cuda_life)
endfunction()
