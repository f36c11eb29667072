# The same sources, compiled by nvcc and run by a GPU, with cuBLASLt as ranks open it.
set(RANKC_RUNTIME ${CMAKE_SOURCE_DIR}/runtime)
set_directory_properties(PROPERTIES COMPILE_OPTIONS "") # g++'s, which nvcc does not know
include(${RANKC_RUNTIME}/cuda/build.cmake)

set(MATMUL matmul)
function(add_op_executable name)
  foreach(source ${ARGN})
    set_source_files_properties(${source} PROPERTIES LANGUAGE CUDA)
  endforeach()
  add_executable(${name} ${ARGN})
  target_compile_definitions(${name} PRIVATE TEST_CUBLASLT)
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:${CUDA_FLAGS}>)
  target_link_libraries(${name} PRIVATE rankc_cuda_life)
endfunction()

# Ends with 1 and a line where there is no GPU; else prints which there are.
add_executable(gpus gpus.c)
target_link_libraries(gpus PRIVATE rankc_cuda_life)
